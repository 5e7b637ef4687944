import { z } from 'zod';

/** What Slack sends, as far as vigie listens; everything that is not needed is left out. */
const Text = z.string().default('');

const Said = z.looseObject({
  type: z.enum(['message', 'app_mention']),
  subtype: z.string().optional(),
  bot_id: z.string().optional(),
  hidden: z.boolean().optional(),
  user: z.string().optional(),
  /** The workspace of who said it; another one in shared channels. */
  user_team: z.string().optional(),
  source_team: z.string().optional(),
  team: z.string().optional(),
  text: Text,
  ts: z.string(),
  thread_ts: z.string().optional(),
  channel: z.string(),
  channel_type: z.string().optional(),
  edited: z.looseObject({}).optional(),
});
export type Said = z.output<typeof Said>;

const Mark = z.looseObject({
  type: z.enum(['reaction_added', 'reaction_removed']),
  user: z.string(),
  reaction: z.string(),
  item_user: z.string().optional(),
  item: z.looseObject({ type: z.string(), channel: z.string().optional(), ts: z.string().optional() }),
  event_ts: z.string(),
});
export type Mark = z.output<typeof Mark>;

const Opened = z.looseObject({
  type: z.literal('app_home_opened'),
  user: z.string(),
  tab: z.string().optional(),
  event_ts: z.string().optional(),
});
export type Opened = z.output<typeof Opened>;

export const EventCallback = z.looseObject({
  type: z.literal('event_callback'),
  event_id: z.string().default(''),
  /** Where it happened: in a channel that workspaces share, any of them. */
  team_id: z.string().nullish(),
  /** For which installations it is told. */
  authorizations: z.array(z.looseObject({ team_id: z.string().nullish() })).optional(),
  event: z.discriminatedUnion('type', [Said, Mark, Opened]),
});

export type EventCallback = z.output<typeof EventCallback>;

/** An event that another workspace's installation is told of is none of ours: its people have ids like ours. */
export function isFor(team: string, { team_id: where, authorizations = [] }: EventCallback): boolean {
  if (authorizations.length > 0) return authorizations.some(({ team_id: installed }) => installed === team);
  return where == null || where === team;
}

/** More than 30,000 events within an hour: what is said in that minute vigie never hears. */
export const HeldBack = z.looseObject({
  type: z.literal('app_rate_limited'),
  team_id: z.string().optional(),
  minute_rate_limited: z.number(),
});

export const Click = z.looseObject({
  type: z.literal('block_actions'),
  user: z.looseObject({ id: z.string(), team_id: z.string().optional() }),
  team: z.looseObject({ id: z.string() }).nullish(),
  channel: z.looseObject({ id: z.string() }).optional(),
  container: z
    .looseObject({
      message_ts: z.string().optional(),
      thread_ts: z.string().optional(),
      channel_id: z.string().optional(),
    })
    .optional(),
  message: z.looseObject({ ts: z.string(), thread_ts: z.string().optional() }).optional(),
  view: z.looseObject({ id: z.string().optional(), type: z.string().optional() }).optional(),
  response_url: z.string().optional(),
  actions: z
    .array(z.looseObject({ action_id: z.string(), value: z.string().default(''), action_ts: z.string().default('') }))
    .min(1),
});
export type Click = z.output<typeof Click>;

export const Slash = z.looseObject({
  command: z.string(),
  text: Text,
  user_id: z.string(),
  team_id: z.string().optional(),
  channel_id: z.string(),
  trigger_id: z.string(),
  response_url: z.string().optional(),
});
export type Slash = z.output<typeof Slash>;
