import { idKey } from '../../src/chat/ids.ts';
import type { Place } from '../../src/chat/message.ts';
import type { Network } from './network.ts';
import { type Pace, usualPace } from './pace.ts';

export interface DoubtOptions {
  readonly network: Network;
  readonly channels: readonly { readonly name: string }[];
  readonly pace?: Pace;
  tell(place: Place, text: string, replyTo: null): void;
}

const words = 'vigie is not logged in to services: until it is, it knows nobody here and takes no orders and no votes';

/** Says in each channel, once, that vigie itself is nobody there, if that lasts for two looks: it takes no orders then. */
export function openDoubt({ network, channels, pace = usualPace, tell }: DoubtOptions): { close(): void } {
  const told = new Set<string>();
  let doubted = false;
  const looking = setInterval(() => {
    if (!network.connected()) return;
    if (network.identified()) {
      doubted = false;
      return told.clear();
    }
    if (doubted) for (const { name } of channels) once(name);
    doubted = true;
  }, pace.settleMs);
  looking.unref();

  function once(channel: string): void {
    if (told.has(channel) || !network.isIn(channel)) return;
    told.add(channel);
    tell({ adapter: 'irc', id: idKey(`irc:${network.name}/${channel}`), kind: 'channel' }, words, null);
  }

  return { close: () => clearInterval(looking) };
}
