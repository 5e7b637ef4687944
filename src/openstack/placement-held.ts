import { z } from 'zod';
import type { Amounts } from './cloud.ts';
import { Providers } from './placement.ts';
import type { Session } from './session.ts';
import { read } from './wire.ts';

/** Who holds what of a provider, as it was at one of its generations. */
export interface Held {
  readonly generation: number | null;
  readonly consumers: readonly (readonly [consumer: string, each: Amounts])[];
  readonly used: Amounts;
}

/** What is known of a provider without reading who holds what of it. */
export interface Now {
  readonly generation: number | undefined;
  /** What it has given away, by resource class; left out where nobody told. */
  readonly used: Amounts | undefined;
}

export interface Holdings {
  /** The generation of every provider of the cloud, by its uuid: one request. */
  generations(): Promise<ReadonlyMap<string, number>>;
  /** Read only where it is not known already to be as it was when it was read before. */
  of(provider: string, now: Now): Promise<Held>;
}

const Allocations = z.looseObject({
  resource_provider_generation: z.number().nullish(),
  allocations: z.record(z.string(), z.looseObject({ resources: z.record(z.string(), z.number()) })),
});

/** A cloud's list of servers is not held for ever because plans were made one morning. */
const forgottenAfter = 60_000;

export function openHoldings(session: Session, cloud: string): Holdings {
  const kept = new Map<string, Promise<Held>>();
  const forget = setTimeout(() => kept.clear(), forgottenAfter).unref();

  async function readAnew(provider: string): Promise<Held> {
    const path = `/resource_providers/${provider}/allocations`;
    const { body } = await session.ask('placement', { path });
    return heldIn(read(Allocations, body, cloud, `GET placement ${path}`));
  }

  return {
    async generations() {
      const path = '/resource_providers';
      const { body } = await session.ask('placement', { path });
      const { resource_providers: all } = read(Providers, body, cloud, `GET placement ${path}`);
      return new Map(all.flatMap(({ uuid, generation }) => (generation === undefined ? [] : [[uuid, generation]])));
    },
    async of(provider, now) {
      forget.refresh();
      let judged: Promise<Held> | undefined;
      for (let known = kept.get(provider); known !== judged; known = kept.get(provider)) {
        const held = await known?.catch(() => null);
        if (held && isStillSo(held, now)) return held;
        judged = known;
      }
      const reading = readAnew(provider);
      kept.set(provider, reading);
      return reading;
    },
  };
}

/**
 * Placement counts a provider's generation up with all that is written to it, but not where a consumer's allocations are
 * deleted or replaced by others elsewhere: then it has given away less. What was read at a later generation than the one we
 * know was read after we came to know it.
 */
function isStillSo({ generation: at, consumers, used }: Held, now: Now): boolean {
  if (at === null || now.generation === undefined || at < now.generation) return false;
  if (at > now.generation || consumers.length === 0) return true;
  return now.used !== undefined && Object.entries(used).every(([name, amount]) => now.used?.[name] === amount);
}

/** A host has many servers, and few flavors: what is alike is kept once. */
function heldIn({ resource_provider_generation: generation, allocations }: z.output<typeof Allocations>): Held {
  const alike = new Map<string, Amounts>();
  const used: Record<string, number> = {};
  const consumers = Object.entries(allocations).map(([consumer, { resources }]) => {
    const key = JSON.stringify(Object.entries(resources).toSorted(([a], [b]) => (a < b ? -1 : 1)));
    const each = alike.get(key) ?? resources;
    alike.set(key, each);
    for (const [name, amount] of Object.entries(each)) used[name] = (used[name] ?? 0) + amount;
    return [consumer, each] as const;
  });
  return { generation: generation ?? null, consumers, used };
}
