import { pulse } from './lanes.ts';
import type { Network } from './network.ts';

/** Asks the server whether it has read what was sent: one PING stands for all before it. */
export interface Pulse {
  ask(): void;
  /** How many bytes the server has read by this answer; null where none was asked for. */
  answered(name: string): number | null;
  /** No answer came for so long that none will: what is held back until then would be for ever. */
  overdue(): boolean;
}

const patienceMs = 60_000;

export function openPulse(network: Network): Pulse {
  let pings = 0;
  let asked: { readonly name: string; bytes: number; at: number } | null = null;
  network.onLoss(() => {
    asked = null;
  });
  return {
    ask() {
      if (asked !== null) return;
      pings += 1;
      const ping = { name: `vigie-${pings}`, bytes: 0, at: Number.POSITIVE_INFINITY };
      asked = ping;
      network.send({ command: 'PING', params: [ping.name] }, pulse).then(
        (bytes) => {
          ping.bytes = bytes;
          ping.at = performance.now();
        },
        () => {
          asked = null;
        },
      );
    },
    answered(name) {
      if (asked?.name !== name) return null;
      const { bytes } = asked;
      asked = null;
      return bytes;
    },
    overdue: () => asked !== null && performance.now() - asked.at > patienceMs,
  };
}
