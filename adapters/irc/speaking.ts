import type { Telling } from '../../src/chat/message.ts';
import { type Line, openLedger } from './ledger.ts';
import { cleaned, split } from './line.ts';
import type { Network } from './network.ts';

export interface Saying {
  /** A channel or a nick. */
  readonly target: string;
  /** Each fits in a line. */
  readonly pieces: readonly string[];
  readonly telling: Telling;
  /** The message that is answered, where the server gives messages ids. */
  readonly answers: string | null;
}

/** The server's id of a message that surely arrived, where it gives one; or why it did not. */
export type Outcome = PromiseSettledResult<string | null>;

/** What leaves as messages, and whether it arrived. */
export interface Speaking {
  /** The lines as they can be sent to a channel or, whoever it is, to a person: long ones in several pieces. */
  piecesOf(lines: readonly string[], name: string): string[];
  /** Resolves once it is known what became of each piece. */
  say(saying: Saying): Promise<Outcome[]>;
  /** What has not been said there yet is not said. */
  drop(target: string, why: Error): void;
}

/** A line, with its end and the prefix that readers see, has 512 bytes. */
const lineBytes = 510;
/** Of a line that a server throws away each time. */
const mostSent = 5;
/** An account has one nick now and another one before the next page. */
const longestNick = 30;

export function openSpeaking(network: Network): Speaking {
  const ledger = openLedger(network);
  let labels = 0;

  function send({ target, telling, answers }: Saying, text: string): Promise<string | null> {
    labels += 1;
    const label = `v${labels}`;
    const outgoing = { command: 'PRIVMSG', params: [target, text], mine: telling.mine };
    const slot = { lane: telling.weight, place: network.client.caseLower(target), number: labels };
    let sent = 0;
    return new Promise((arrived, failed) => {
      const line: Line = { label, target, text, left: null, arrived, failed, again: leave };
      function leave(): void {
        line.left = null;
        sent += 1;
        if (sent > mostSent) {
          ledger.settle(line, new Error('the server throttles whatever is said there'));
          return;
        }
        network.send({ ...outgoing, tags: tagsOf(network, label, answers) }, slot).then(
          (bytes) => {
            line.left = { at: performance.now(), bytes };
            ledger.look();
          },
          (why: Error) => ledger.settle(line, why),
        );
      }
      ledger.lines.push(line);
      leave();
    });
  }

  return {
    piecesOf(lines, name) {
      const target = Math.max(longestNick, Buffer.byteLength(name));
      const room = lineBytes - target - Buffer.byteLength(`${maskOf(network)} PRIVMSG  :`);
      return lines.flatMap((line) => split(cleaned(line), room));
    },
    say: (saying) => Promise.allSettled(saying.pieces.map((piece) => send(saying, piece))),
    drop: ledger.drop,
  };
}

function tagsOf({ client }: Network, label: string, answers: string | null): Readonly<Record<string, string>> {
  const has = (cap: string) => client.network.cap.isEnabled(cap);
  return {
    ...(has('labeled-response') ? { label } : {}),
    ...(answers !== null && has('message-tags') ? { '+draft/reply': answers } : {}),
  };
}

/** As others see us before each line; until the server has told, the longest there may be. */
function maskOf({ client }: Network): string {
  const { nick, username, host } = client.user;
  return `:${nick}!${username}@${host ? host : 'h'.repeat(64)}`;
}
