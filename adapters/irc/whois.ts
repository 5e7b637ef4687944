import { field } from './event.ts';
import { protocol } from './lanes.ts';
import type { Network } from './network.ts';

export interface Whois {
  readonly ident: string;
  readonly hostname: string;
  readonly account: string | null;
  readonly channels: readonly string[];
}

/** Null where nobody has that nick, or the nick came or went while the server was asked. */
export type AskWhois = (nick: string) => Promise<Whois | null>;

interface Question {
  readonly nick: string;
  answer(whois: Whois | null): void;
}

const patienceMs = 10_000;

/** What the server says about a nick now: a nick that changes hands meanwhile is nobody. */
export function openWhois(network: Network): AskWhois {
  const { client } = network;
  const questions = new Set<Question>();
  const settle = (which: readonly Question[], whois: Whois | null) => {
    for (const one of which) {
      questions.delete(one);
      one.answer(whois);
    }
  };
  const about = (event: unknown, name: string) =>
    [...questions].filter((one) => client.caseCompare(one.nick, String(field(event, name))));

  client.on('whois', (event) => settle(about(event, 'nick'), whoisIn(event)));
  for (const [event, name] of movements) client.on(event, (seen) => settle(about(seen, name), null));
  network.onLoss(() => settle([...questions], null));

  return (nick) =>
    new Promise((resolve) => {
      const question: Question = {
        nick,
        answer(whois) {
          clearTimeout(late);
          resolve(whois);
        },
      };
      const late = setTimeout(() => settle([question], null), patienceMs);
      late.unref();
      questions.add(question);
      network.send({ command: 'WHOIS', params: [nick] }, protocol).catch(() => settle([question], null));
    });
}

/** Whatever may put somebody else under a nick, or take them out of a channel. */
const movements = [
  ['nick', 'nick'],
  ['nick', 'new_nick'],
  ['quit', 'nick'],
  ['part', 'nick'],
  ['kick', 'kicked'],
  ['join', 'nick'],
] as const;

function whoisIn(event: unknown): Whois | null {
  if (field(event, 'error') !== undefined) return null;
  const account = field(event, 'account');
  return {
    ident: String(field(event, 'ident') ?? ''),
    hostname: String(field(event, 'hostname') ?? ''),
    account: typeof account === 'string' && account !== '' && account !== '*' ? account : null,
    // Each may carry the signs of what the person is there: @, +.
    channels: String(field(event, 'channels') ?? '')
      .split(' ')
      .map((name) => name.replace(/^[^#&]+/, '')),
  };
}
