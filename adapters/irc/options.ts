import type { Rate } from './bucket.ts';
import type { Pace } from './pace.ts';
import type { Link } from './transport.ts';

export interface NetworkOptions {
  /** As places and accounts name it: `libera`. */
  readonly name: string;
  readonly link: Link;
  readonly nick: string;
  /** The server's own password; it never goes to services. */
  readonly serverPassword: string | null;
  /** vigie's account with services; null where the network has none. */
  readonly login: Login | null;
  readonly channels: readonly { readonly name: string; readonly key: string | null }[];
  readonly version: string;
  readonly rate?: Rate;
  readonly pace?: Pace;
  log(level: 'info' | 'warn', facts: object, words: string): void;
}

export type Login =
  | { readonly account: string; readonly mechanism: 'PLAIN'; readonly password: string }
  | { readonly account: string; readonly mechanism: 'EXTERNAL' };
