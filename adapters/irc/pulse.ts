import type { Network } from './network.ts';

/** Asks the server whether it has read what was sent: one PING stands for all before it. */
export interface Pulse {
  ask(): void;
  /** How many bytes the server has read by this answer; null where none was asked for. */
  answered(name: string): number | null;
}

export function openPulse(network: Network): Pulse {
  let pings = 0;
  let asked: { readonly name: string; bytes: number } | null = null;
  network.onLoss(() => {
    asked = null;
  });
  return {
    ask() {
      if (asked !== null) return;
      pings += 1;
      const ping = { name: `vigie-${pings}`, bytes: 0 };
      asked = ping;
      network.send({ command: 'PING', params: [ping.name] }, 'pulse', '').then(
        (bytes) => {
          ping.bytes = bytes;
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
  };
}
