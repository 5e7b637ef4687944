import { randomBytes } from 'node:crypto';
import type { Triggers } from './triggers.ts';

export type Json = Record<string, unknown>;

export interface User {
  readonly id: string;
  /** The workspace the person belongs to: another one for strangers in a shared channel. */
  team: string;
  /** All workspaces of the organisation that the person is in, where there is one. */
  teams?: readonly string[];
  readonly name: string;
  deleted: boolean;
  readonly bot: boolean;
  restricted: boolean;
  ultraRestricted: boolean;
  stranger: boolean;
}

export interface Channel {
  readonly id: string;
  readonly name: string;
  readonly kind: 'public' | 'private' | 'im' | 'mpim';
  readonly members: Set<string>;
  archived: boolean;
  readonly shared: boolean;
  readonly messages: Message[];
}

export interface Message {
  readonly ts: string;
  readonly channel: string;
  /** Who wrote it; the bot's own user for the bot. */
  readonly user: string;
  readonly botId?: string;
  readonly subtype?: string;
  text: string;
  blocks: Json[];
  attachments: Json[];
  readonly thread?: string;
  /** Only this person sees it. */
  readonly to?: string;
  metadata?: Json;
  readonly files: Json[];
  edited?: string;
  deleted: boolean;
  readonly reactions: Map<string, string[]>;
  /** Every state it ever showed, oldest first, the present one last. */
  readonly past: { readonly at: number; readonly text: string; readonly blocks: Json[] }[];
}

/** One app as it is installed in one workspace. */
export interface Workspace {
  readonly team: { readonly id: string; readonly name: string };
  readonly app: App;
  readonly users: Map<string, User>;
  readonly channels: Map<string, Channel>;
  readonly groups: Map<string, { readonly id: string; readonly handle: string; readonly users: string[] }>;
  readonly files: Map<string, SlackFile>;
  readonly views: Map<string, Json>;
  readonly clock: Clock;
  readonly triggers: Triggers;
  readonly notices: Notice[];
  readonly pings: Ping[];
}

export interface App {
  readonly id: string;
  readonly name: string;
  botToken: string;
  appToken: string;
  readonly signingSecret: string;
  readonly user: string;
  readonly botId: string;
  /** What the bot token and the app token may do, and which events are subscribed: changed by tests at will. */
  readonly scopes: Set<string>;
  readonly appScopes: Set<string>;
  readonly events: Set<string>;
  readonly commands: Set<string>;
  readonly revoked: Set<'bot' | 'app'>;
}

export interface SlackFile {
  readonly id: string;
  readonly name: string;
  readonly announced: number;
  content: Buffer | null;
  title: string;
  shared: boolean;
}

/** What somebody saw without a message: a command or a click that came to nothing. */
export interface Notice {
  readonly user: string;
  readonly what: string;
  readonly error: 'operation_timeout' | 'dispatch_failed';
  readonly at: number;
}

/** Who was called by a message of the app: `!channel`, `!here`, `!everyone`, `@U…`, `^S…`. */
export interface Ping {
  readonly whom: string;
  readonly channel: string;
  readonly ts: string;
}

/** `pace` 0.01 makes Slack's waits (3 s, 1 min, 5 min) a hundred times shorter; rates have a factor of their own. */
export interface Clock {
  readonly pace: number;
  now(): number;
  /** A message's time, never the same twice. */
  ts(): string;
}

export function makeClock(pace: number): Clock {
  let last = 0;
  return {
    pace,
    now: () => Date.now(),
    ts() {
      last = Math.max(last + 1, Date.now() * 1000);
      return `${Math.floor(last / 1e6)}.${String(last % 1e6).padStart(6, '0')}`;
    },
  };
}

/** An id as Slack makes them: `U`, `C`, `T`, … and ten capitals and digits. */
export function newId(kind: string): string {
  return `${kind}0${[...randomBytes(9)].map((byte) => 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789'[byte % 32]).join('')}`;
}

export function channelOf(workspace: Workspace, named: string): Channel | undefined {
  const plain = named.replace(/^#/, '');
  return workspace.channels.get(named) ?? [...workspace.channels.values()].find(({ name }) => name === plain);
}

export function directWith(workspace: Workspace, user: string): Channel {
  const known = [...workspace.channels.values()].find(({ kind, members }) => kind === 'im' && members.has(user));
  return known ?? addChannel(workspace, { name: `dm-${user}`, kind: 'im', members: [user, workspace.app.user] });
}

export interface NewChannel {
  readonly name: string;
  readonly kind: Channel['kind'];
  readonly members: readonly string[];
  readonly archived?: boolean;
  readonly shared?: boolean;
}

export function addChannel(workspace: Workspace, channel: NewChannel): Channel {
  const { name, kind, members, archived = false, shared = false } = channel;
  const id = newId(kind === 'im' ? 'D' : kind === 'mpim' ? 'G' : 'C');
  const made = { id, name, kind, members: new Set(members), archived, shared, messages: [] };
  workspace.channels.set(id, made);
  return made;
}

/** The message with this time that the app may know of; ephemeral ones are none. */
export function messageOf(channel: Channel, ts: string): Message | undefined {
  return channel.messages.find((message) => message.ts === ts && !message.deleted && message.to === undefined);
}
