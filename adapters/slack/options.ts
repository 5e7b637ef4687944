import type { Rates } from './rates.ts';

export type Log = (level: 'info' | 'warn' | 'error', facts: object, words: string) => void;

/** How Slack reaches vigie: over sockets that vigie opens, or at an address that Slack calls. */
export type Reach =
  | { readonly mode: 'socket'; readonly appToken: string }
  | { readonly mode: 'http'; readonly signingSecret: string; readonly port: number };

export interface SlackOptions {
  /** The workspace: `T024BE7LD`. */
  readonly team: string;
  readonly botToken: string;
  readonly reach: Reach;
  /** `https://slack.com/api/` */
  readonly apiUrl: string;
  /** Before each line to vigie in a channel: `!`. */
  readonly prefix: string;
  /** Names of reactions, as Slack has them: `white_check_mark`. */
  readonly reactions: { readonly approve: readonly string[]; readonly deny: readonly string[] };
  readonly rates: Rates;
  readonly log: Log;
}
