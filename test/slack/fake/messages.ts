import { shown } from './api/shown.ts';
import type { Delivery } from './delivery.ts';
import type { Channel, Json, Message, User, Workspace } from './state.ts';

export interface Stage {
  readonly workspace: Workspace;
  readonly delivery: Delivery;
}

export interface Draft {
  readonly user: string;
  readonly botId?: string;
  readonly subtype?: string;
  readonly text: string;
  readonly blocks?: Json[];
  readonly attachments?: Json[];
  readonly thread?: string;
  readonly to?: string;
  readonly metadata?: Json;
  readonly files?: Json[];
}

const channelTypes = { public: 'channel', private: 'group', im: 'im', mpim: 'mpim' } as const;

/** Puts a message into its channel and tells the app of it, where the app may hear: twice if it is mentioned. */
export function addMessage(stage: Stage, channel: Channel, draft: Draft): Message {
  const { workspace, delivery } = stage;
  const { metadata, ...rest } = draft;
  const message: Message = {
    blocks: [],
    attachments: [],
    files: [],
    ...rest,
    ...(metadata === undefined || Object.keys(metadata).length === 0 ? {} : { metadata }),
    ts: workspace.clock.ts(),
    channel: channel.id,
    deleted: false,
    reactions: new Map(),
    past: [],
  };
  keep(message, workspace);
  channel.messages.push(message);
  if (message.to !== undefined) return message;
  const said = { ...shown(message, workspace), channel: channel.id, event_ts: message.ts };
  delivery.event({ ...said, channel_type: channelTypes[channel.kind] }, channel);
  if (isMention(message, channel, workspace)) delivery.event({ ...said, type: 'app_mention' }, channel);
  return message;
}

function isMention({ text, user, to }: Message, { kind }: Channel, { app }: Workspace): boolean {
  return to === undefined && text.includes(`<@${app.user}`) && user !== app.user && kind !== 'im';
}

export interface Revision {
  readonly text: string;
  readonly blocks?: Json[];
  readonly attachments?: Json[];
  readonly metadata?: Json;
}

export function reviseMessage({ workspace, delivery }: Stage, message: Message, revision: Revision): void {
  const before = shown(message, workspace);
  message.text = revision.text;
  message.blocks = revision.blocks ?? [];
  message.attachments = revision.attachments ?? [];
  if (revision.metadata !== undefined) message.metadata = revision.metadata;
  message.edited = workspace.clock.ts();
  keep(message, workspace);
  const now = shown(message, workspace);
  changed({ workspace, delivery }, message, { subtype: 'message_changed', message: now, previous_message: before });
  const channel = workspace.channels.get(message.channel);
  if (channel !== undefined && isMention(message, channel, workspace))
    delivery.event({ ...now, type: 'app_mention', channel: channel.id, event_ts: message.edited }, channel);
}

export function removeMessage(stage: Stage, message: Message): void {
  message.deleted = true;
  changed(stage, message, {
    subtype: 'message_deleted',
    deleted_ts: message.ts,
    previous_message: shown(message, stage.workspace),
  });
}

export function react(
  stage: Stage,
  message: Message,
  { user, name, gone }: { user: string; name: string; gone: boolean },
): void {
  const { workspace, delivery } = stage;
  const users = message.reactions.get(name) ?? [];
  const left = users.filter((other) => other !== user);
  const now = gone ? left : [...left, user];
  if (now.length > 0) message.reactions.set(name, now);
  else message.reactions.delete(name);
  const channel = workspace.channels.get(message.channel);
  const item = { type: 'message', channel: message.channel, ts: message.ts };
  const type = gone ? 'reaction_removed' : 'reaction_added';
  delivery.event(
    { type, user, reaction: name, item, item_user: message.user, event_ts: workspace.clock.ts() },
    channel,
  );
}

/** A mention of nobody of this workspace stays as it is; the rest of a person is as `users.info` says. */
export function profileOf(user: User, workspace: Workspace): Json {
  return {
    id: user.id,
    team_id: user.team,
    name: user.name,
    real_name: user.name,
    deleted: user.deleted,
    is_bot: user.bot,
    is_app_user: false,
    is_stranger: user.stranger,
    ...(user.teams === undefined ? {} : { enterprise_user: { enterprise_id: 'E0ORG', teams: user.teams } }),
    ...(user.deleted
      ? {}
      : {
          is_restricted: user.restricted || user.ultraRestricted,
          is_ultra_restricted: user.ultraRestricted,
          is_admin: false,
          is_owner: false,
          is_primary_owner: false,
          tz: 'Europe/Paris',
          tz_offset: 3600,
        }),
    profile: { real_name: user.name, display_name: user.name, team: user.team },
    updated: Math.floor(workspace.clock.now() / 1000),
  };
}

function changed({ workspace, delivery }: Stage, message: Message, change: Json): void {
  const channel = workspace.channels.get(message.channel);
  if (channel === undefined || message.to !== undefined) return;
  const ts = workspace.clock.ts();
  const channelType = channelTypes[channel.kind];
  delivery.event(
    { type: 'message', hidden: true, channel: channel.id, channel_type: channelType, ts, event_ts: ts, ...change },
    channel,
  );
}

function keep(message: Message, { clock }: Workspace): void {
  message.past.push({ at: clock.now(), text: message.text, blocks: structuredClone(message.blocks) });
}
