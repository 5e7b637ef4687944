import type { Report } from './report.ts';

/**
 * Who spoke, as the chat itself vouches for it: `slack:T1/U1`, `irc:libera/alice`, `console:alice`. Null where the
 * chat has no account for the speaker: such a person is nobody. `name` is for display only and never decides.
 */
export interface Speaker {
  readonly account: string | null;
  readonly name: string;
  /** Where there is no account: why, and what the person can do about it; one line. */
  readonly why?: string;
  /** Where there is no account: how the chat reaches this speaker alone. It never decides anything. */
  readonly at?: string;
}

/** Where people talk: `id` is unique over all chats (`irc:libera/#ops`, `slack:T1/C2`, `console:demo`). */
export interface Place {
  readonly adapter: string;
  readonly id: string;
  readonly kind: 'channel' | 'direct';
  /** Where the chat has threads: the one that is meant when a post is looked for or revised. */
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
  /** The chat may tell it again, even to another process: all of it goes into rows, also what has no effect. */
  readonly retold?: boolean;
  /** Another key that it takes: a message that has either of them is the same. It sorts before `key`. */
  readonly before?: string;
  /** It is no line but a reaction on a post of ours; `text` is empty. */
  readonly reaction?: Reaction;
}

/** A yes or no by a mark on a card. `on` is the handle of the post that carries it. */
export interface Reaction {
  readonly on: string;
  readonly choice: 'approve' | 'deny';
  /** The mark was taken away again. */
  readonly withdrawn: boolean;
}

/** What a chat gave back for a post: enough to edit it. */
export interface Receipt {
  readonly place: Place;
  readonly handle: string;
}

/**
 * How much it matters when something is said. `answer`: somebody waits for this line. `news`: a plan, a decision, an
 * end. `progress`: may come late or be merged with the next, as long as the last one is told.
 */
export type Weight = 'answer' | 'news' | 'progress';

/** Where a job that changes something stands, as its card shows it. */
export type Phase = 'planning' | 'waiting' | 'running' | 'ended';

export interface Telling {
  /** The delivery's key: where the chat allows, the post carries it, so that a post whose answer was lost is found. */
  readonly key: string;
  readonly weight: Weight;
  /** Only on the card of a job that changes something. */
  readonly phase?: Phase;
  /** Whether this bot still speaks here, asked at the very moment; where not, `NotOurs` is thrown and nothing said. */
  readonly mine?: () => boolean;
}

export interface PostOptions extends Telling {
  /** Only this account shall read it. */
  readonly to?: string;
  /** Of interest to this account alone: a chat that can show it to one person does, the others say it in the place. */
  readonly aside?: string;
  readonly replyTo?: string;
  /** In the thread, where it belongs, and yet for everybody in the place to see. */
  readonly broadcast?: boolean;
}

export interface Able {
  readonly buttons: boolean;
  readonly reactions: boolean;
  readonly files: boolean;
  readonly edit: boolean;
  readonly private: boolean;
  readonly find: boolean;
  /** Answers stand apart from the place: what all of it must see is said there, too. */
  readonly threads: boolean;
}

/** The port that every chat fulfils. `name` is the adapter's kind; `connection` names the one connection it holds. */
export interface Adapter {
  readonly name: string;
  readonly connection: string;
  readonly able: Able;
  /** How many posts for one reader in a place may be under way at once, where the adapter keeps their order; else one. */
  readonly ahead?: number;
  /** `hear` resolves once the message is in rows or needs none; it rejects with `NotTaken` where nothing could be kept. */
  start(hear: (message: Message) => Promise<void>): Promise<void>;
  /** Resolves or throws within a bounded time: everything behind it in the same place waits. */
  post(place: Place, report: Report, options: PostOptions): Promise<Receipt>;
  /**
   * A post with this key whose answer was lost; null if there is none or the chat cannot tell. `to`: the account that it
   * was for alone.
   */
  find(place: Place, key: string, to?: string): Promise<Receipt | null>;
  revise(receipt: Receipt, report: Report, previous: Report | null, telling: Telling): Promise<void>;
  /** Another bot may have spoken on the connection meanwhile: what this one knew of its posts is true no more. */
  forget?(): void;
  connected(): boolean;
  /** What is wrong with the connection, in words for whoever can mend it; null where nothing is. */
  problem?(): string | null;
  stop(): Promise<void>;
}

/** Thrown by an adapter's `post` or `revise` where the place will never take it (gone, forbidden, archived). */
export class PlaceRefused extends Error {
  override readonly name = 'PlaceRefused';
}

/** Nothing of the message could be kept: it may be told again by the chat, and the person is told this line. */
export class NotTaken extends Error {
  override readonly name = 'NotTaken';
}

/** Another bot speaks on the connection by now: it says what was to be said. */
export class NotOurs extends Error {
  override readonly name = 'NotOurs';
}

/** Not now: thrown by `revise` for progress that can wait so long; then it is asked again, with what is true by then. */
export class Later extends Error {
  override readonly name = 'Later';
  readonly ms: number;
  constructor(ms: number) {
    super(`to be said in ${ms} ms`);
    this.ms = ms;
  }
}
