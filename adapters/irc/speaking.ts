import type { Weight } from '../../src/chat/message.ts';
import { openLedger } from './ledger.ts';
import { split } from './line.ts';
import type { Network } from './network.ts';

export interface Saying {
  /** A channel or a nick. */
  readonly target: string;
  readonly place: string;
  readonly lines: readonly string[];
  readonly weight: Weight;
  /** The message that is answered, where the server gives messages ids. */
  readonly answers: string | null;
  /** Called for each line that surely arrived, in order. */
  arrived(id: string | null): void;
}

/** What leaves as messages, and whether it arrived. */
export interface Speaking {
  /** Resolves once the server surely has every line; throws where one was refused, or the connection went first. */
  say(saying: Saying): Promise<void>;
}

/** A line, with its end and the prefix that readers see, has 512 bytes. */
const lineBytes = 510;

export function openSpeaking(network: Network): Speaking {
  const ledger = openLedger(network);
  let labels = 0;

  function send({ target, place, weight, answers }: Saying, text: string): Promise<string | null> {
    labels += 1;
    const label = `v${labels}`;
    return new Promise((arrived, failed) => {
      const line = { label, target, text, barrier: null, leftAt: null as number | null, arrived, failed };
      ledger.lines.push(line);
      network
        .send({ command: 'PRIVMSG', params: [target, text], tags: tagsOf(network, label, answers) }, weight, place)
        .then(
          () => {
            line.leftAt = performance.now();
            ledger.look();
          },
          (why: Error) => ledger.settle(line, why),
        );
    });
  }

  return {
    async say(saying) {
      const room = lineBytes - Buffer.byteLength(`${maskOf(network)} PRIVMSG ${saying.target} :`);
      const ends = saying.lines.flatMap((line) => split(line, room)).map((line) => send(saying, line));
      // All are waited for: what arrived before a cut is told as arrived.
      for (const end of await Promise.allSettled(ends)) {
        if (end.status === 'rejected') throw end.reason;
        saying.arrived(end.value);
      }
    },
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
