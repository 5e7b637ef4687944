import type { Client } from 'irc-framework';
import { clean } from '../../src/chat/cells.ts';
import type { Bucket } from './bucket.ts';
import type { NetworkOptions } from './options.ts';
import type { Pace } from './pace.ts';

/** What is so, as the server told it. */
export interface State {
  registered: boolean;
  account: string | null;
  readonly channels: Set<string>;
  /** Services said no to the login itself: not asked again before, by performance.now(). */
  refusedUntil: number;
  /** NickServ is there and vigie came again for its sake: what did not help once is not done again before services go. */
  sought: boolean;
  /** Nicks tried since the connection began. */
  nicks: number;
  /** When a server or services ended the connection by a kill, by performance.now(). */
  readonly kills: number[];
  stopping: boolean;
  /** What the server said against this connection; null where it said nothing. */
  why: string | null;
  /** Why there is none, since the last one ended. */
  problem: string | null;
  /** By channel: why the server does not let vigie in. */
  readonly refusals: Map<string, string>;
}

export interface Parts {
  readonly options: NetworkOptions;
  readonly pace: Pace;
  readonly client: Client;
  readonly bucket: Bucket;
  readonly state: State;
  readonly losses: readonly ((why: Error) => void)[];
}

export function freshState(): State {
  return {
    registered: false,
    account: null,
    channels: new Set(),
    refusedUntil: 0,
    sought: false,
    nicks: 0,
    kills: [],
    stopping: false,
    why: null,
    problem: null,
    refusals: new Map(),
  };
}

/** The first word counts: the ERROR that follows often says only that it is the end. What others said is stripped. */
export function blame(state: State, why: string): void {
  state.why ??= clean(why);
}

/** True too where no account is wished. */
export function isIdentified({ login }: NetworkOptions, client: Client, { account }: State): boolean {
  if (login === null) return true;
  return account !== null && client.caseCompare(account, login.account);
}
