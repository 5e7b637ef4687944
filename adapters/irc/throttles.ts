import type { Line } from './ledger.ts';
import type { Network } from './network.ts';

/**
 * hybrid and its kin, solanum too, count what all say in a channel: above ten lines, of which a second takes one off, they
 * throw everything away until none and two more are left. Only whom the channel gave a voice may say more.
 */
export interface Throttles {
  /** One line for there was thrown away: nothing more is said there until some may be. */
  note(target: string): void;
  /** It is not known yet which. */
  pending(): boolean;
  /** Of what the server has read by now, in order, the lines that it threw away: the last ones. */
  thrownAway(read: readonly Line[]): Line[];
}

const silence = 13;

export function openThrottles(network: Network): Throttles {
  const { client } = network;
  const counts = new Map<string, number>();
  /** Where that is the channel's operators, they are counted as the channel. */
  const nameOf = (target: string) => client.caseLower(target.replace(/^[^#&]+(?=[#&])/, ''));
  network.onLoss(() => counts.clear());
  return {
    note(target) {
      const name = nameOf(target);
      counts.set(name, (counts.get(name) ?? 0) + 1);
      network.hold(name, silence);
    },
    pending: () => counts.size > 0,
    thrownAway(read) {
      const thrown = [...counts].flatMap(([name, count]) =>
        read.filter(({ target }) => nameOf(target) === name).slice(-count),
      );
      counts.clear();
      for (const { target } of thrown) network.hold(client.caseLower(target), silence);
      return thrown;
    },
  };
}
