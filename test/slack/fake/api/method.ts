import type { Args } from '../args.ts';
import type { Delivery } from '../delivery.ts';
import type { Tier } from '../rates.ts';
import { Refusal } from '../refusal.ts';
import { type Channel, channelOf, directWith, type Json, type Workspace } from '../state.ts';

export interface Call {
  readonly args: Args;
  readonly workspace: Workspace;
  readonly delivery: Delivery;
  /** `http://127.0.0.1:PORT`, where the fake stands. */
  readonly base: string;
}

export interface Method {
  readonly token: 'bot' | 'app' | 'none';
  /** One of these is enough. Where it depends on the channel, the method asks itself with `mustMay`. */
  readonly scopes: readonly string[];
  readonly tier: Tier;
  readonly args: readonly string[];
  run(call: Call): Json | Promise<Json>;
}

export type Methods = Readonly<Record<string, Method>>;

export function mustMay(workspace: Workspace, scopes: readonly string[]): void {
  const { app } = workspace;
  if (scopes.length > 0 && !scopes.some((scope) => app.scopes.has(scope)))
    throw new Refusal('missing_scope', { needed: scopes[0], provided: [...app.scopes].join(',') });
}

/** The channel named in a call, if the bot may know of it: a private one it is not in does not exist for it. */
export function knownChannel({ args, workspace }: Call, name = 'channel'): Channel {
  const channel = workspace.channels.get(args.needed(name));
  if (channel === undefined || (channel.kind !== 'public' && !isIn(workspace, channel)))
    throw new Refusal('channel_not_found');
  return channel;
}

/** The same for posting, where a name with # or a user id will do. */
export function postingChannel({ args, workspace }: Call): Channel {
  const named = args.needed('channel');
  const user = workspace.users.get(named);
  const channel = user === undefined ? channelOf(workspace, named) : directWith(workspace, user.id);
  if (channel === undefined || (channel.kind !== 'public' && !isIn(workspace, channel)))
    throw new Refusal('channel_not_found');
  if (channel.archived) throw new Refusal('is_archived');
  if (!isIn(workspace, channel) && !workspace.app.scopes.has('chat:write.public')) throw new Refusal('not_in_channel');
  return channel;
}

export function mustBeIn(workspace: Workspace, channel: Channel): void {
  if (!isIn(workspace, channel)) throw new Refusal('not_in_channel');
}

function isIn({ app }: Workspace, { members }: Channel): boolean {
  return members.has(app.user);
}

/** `channels:history`, `groups:read`, …: the scope of a kind of channel. */
export function scopeOf({ kind }: Channel, what: 'history' | 'read' | 'write'): string {
  const family = { public: 'channels', private: 'groups', im: 'im', mpim: 'mpim' } as const;
  return `${family[kind]}:${what}`;
}
