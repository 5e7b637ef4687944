import { z } from 'zod';

/**
 * What Slack sends, as far as vigie listens; everything that is not needed is left out. What may be missing may be null
 * as well.
 */
function maybe<T extends z.ZodType>(schema: T) {
  return schema.nullish().transform((value) => value ?? undefined);
}

const Text = z
  .string()
  .nullish()
  .transform((text) => text ?? '');

const Said = z.looseObject({
  type: z.enum(['message', 'app_mention']),
  subtype: maybe(z.string()),
  bot_id: maybe(z.string()),
  hidden: maybe(z.boolean()),
  user: maybe(z.string()),
  /** The workspace of who said it; another one in shared channels. */
  user_team: maybe(z.string()),
  source_team: maybe(z.string()),
  team: maybe(z.string()),
  text: Text,
  ts: z.string(),
  thread_ts: maybe(z.string()),
  channel: z.string(),
  channel_type: maybe(z.string()),
  edited: maybe(z.looseObject({})),
});
export type Said = z.output<typeof Said>;

const Mark = z.looseObject({
  type: z.enum(['reaction_added', 'reaction_removed']),
  user: z.string(),
  reaction: z.string(),
  item_user: maybe(z.string()),
  item: z.looseObject({ type: z.string(), channel: maybe(z.string()), ts: maybe(z.string()) }),
  event_ts: z.string(),
});
export type Mark = z.output<typeof Mark>;

const Opened = z.looseObject({
  type: z.literal('app_home_opened'),
  user: z.string(),
  tab: maybe(z.string()),
  event_ts: maybe(z.string()),
});
export type Opened = z.output<typeof Opened>;

export const EventCallback = z.looseObject({
  type: z.literal('event_callback'),
  /** Where it happened: in a channel that workspaces share, any of them. */
  team_id: maybe(z.string()),
  /** Through which of them it is told. */
  context_team_id: maybe(z.string()),
  /** For which installations it is told; an organisation's names no workspace. */
  authorizations: maybe(z.array(z.looseObject({ team_id: maybe(z.string()) }))),
  event: z.discriminatedUnion('type', [Said, Mark, Opened]),
});

export type EventCallback = z.output<typeof EventCallback>;

/** An event that another workspace's installation is told of is none of ours: its people have ids like ours. */
export function isFor(team: string, { authorizations = [], ...told }: EventCallback): boolean {
  const installed = authorizations.flatMap(({ team_id: one }) => one ?? []);
  return (installed.length > 0 ? installed : [told.context_team_id ?? told.team_id ?? team]).includes(team);
}

/** More than 30,000 events within an hour: what is said in that minute vigie never hears. */
export const HeldBack = z.looseObject({
  type: z.literal('app_rate_limited'),
  team_id: maybe(z.string()),
  minute_rate_limited: z.number(),
});

export const Click = z.looseObject({
  type: z.literal('block_actions'),
  user: z.looseObject({ id: z.string(), team_id: maybe(z.string()) }),
  team: maybe(z.looseObject({ id: maybe(z.string()) })),
  channel: maybe(z.looseObject({ id: z.string() })),
  container: maybe(
    z.looseObject({
      message_ts: maybe(z.string()),
      thread_ts: maybe(z.string()),
      channel_id: maybe(z.string()),
    }),
  ),
  message: maybe(z.looseObject({ ts: maybe(z.string()), thread_ts: maybe(z.string()) })),
  view: maybe(z.looseObject({ id: maybe(z.string()), type: maybe(z.string()) })),
  response_url: maybe(z.string()),
  actions: z.array(z.looseObject({ action_id: z.string(), value: Text, action_ts: Text })).min(1),
});
export type Click = z.output<typeof Click>;

export const Slash = z.looseObject({
  command: z.string(),
  text: Text,
  user_id: z.string(),
  team_id: maybe(z.string()),
  channel_id: z.string(),
  trigger_id: z.string(),
  response_url: maybe(z.string()),
});
export type Slash = z.output<typeof Slash>;
