import type { Report } from './report.ts';

/**
 * Who spoke, as the chat itself vouches for it: `slack:T1/U1`, `irc:libera/alice`, `console:alice`. Null where the
 * chat has no account for the speaker: such a person is nobody. `name` is for display only and never decides.
 */
export interface Speaker {
  readonly account: string | null;
  readonly name: string;
}

/** Where people talk: `id` is unique over all chats (`irc:libera/#ops`, `slack:T1/C2`, `console:demo`). */
export interface Place {
  readonly adapter: string;
  readonly id: string;
  readonly kind: 'channel' | 'direct';
  /** A thread inside the place, where the chat has threads. */
  readonly thread?: string;
}

/** One line said to the bot. `key` is the chat's own identity of the message: a repeated key is the same message. */
export interface Message {
  readonly key: string;
  readonly from: Speaker;
  readonly place: Place;
  readonly text: string;
  readonly at: Date;
  /** The chat's handle of this message, to answer in its thread. */
  readonly replyTo?: string;
}

/** What a chat gave back for a post: enough to edit it. */
export interface Receipt {
  readonly place: Place;
  readonly handle: string;
}

export interface PostOptions {
  /** The delivery's key: where the chat allows, the post carries it, so that a post whose answer was lost is found. */
  readonly key: string;
  /** Only this account shall read it. */
  readonly to?: string;
  readonly replyTo?: string;
}

export interface Able {
  readonly buttons: boolean;
  readonly reactions: boolean;
  readonly files: boolean;
  readonly edit: boolean;
  readonly private: boolean;
  readonly find: boolean;
}

/** The port that every chat fulfils. `name` is the adapter's kind; `connection` names the one connection it holds. */
export interface Adapter {
  readonly name: string;
  readonly connection: string;
  readonly able: Able;
  start(hear: (message: Message) => Promise<void>): Promise<void>;
  post(place: Place, report: Report, options: PostOptions): Promise<Receipt>;
  /** A post with this key whose answer was lost; null if there is none or the chat cannot tell. */
  find(place: Place, key: string): Promise<Receipt | null>;
  revise(receipt: Receipt, report: Report, previous: Report | null): Promise<void>;
  connected(): boolean;
  stop(): Promise<void>;
}

/** Thrown by an adapter's `post` or `revise` where the place will never take it (gone, forbidden, archived). */
export class PlaceRefused extends Error {
  override readonly name = 'PlaceRefused';
}
