import { z } from 'zod';
import type { Flavor, Server } from './cloud.ts';
import { OpenStackError } from './errors.ts';
import { atLeast } from './microversion.ts';
import type { Session } from './session.ts';
import { read } from './wire.ts';

/** From 2.61 a flavor brings its extra specs with it. */
const known = '2.61';
/** Flavors are made anew rather than changed; a new one of the same id is seen after this. */
const keptMs = 5 * 60_000;

const Specs = z.record(z.string(), z.string());
const Wire = z.looseObject({
  name: z.string(),
  vcpus: z.number(),
  ram: z.number(),
  disk: z.number(),
  'OS-FLV-EXT-DATA:ephemeral': z.number().optional(),
  extra_specs: Specs.optional(),
});

/** What servers need, on clouds that tell only the id of a flavor (below 2.47). */
export interface Flavors {
  /** The server with its flavor's figures; as it is where they came with it or nobody knows them any more. */
  complete(server: Server): Promise<Server>;
}

export function openFlavors(session: Session, cloud: string, now: () => Date): Flavors {
  const looked = new Map<string, { readonly at: number; readonly flavor: Promise<Flavor | null> }>();

  function byId(id: string): Promise<Flavor | null> {
    const before = looked.get(id);
    if (before && now().getTime() - before.at < keptMs) return before.flavor;
    const flavor = lookUp(session, cloud, id);
    looked.set(id, { at: now().getTime(), flavor });
    flavor.catch(() => looked.delete(id));
    return flavor;
  }

  return {
    async complete(server) {
      const { name: id, vcpus } = server.flavor;
      if (id === null || vcpus !== null || atLeast(await session.speaks('compute', '2.47'), '2.47')) return server;
      const flavor = await byId(id);
      return flavor ? { ...server, flavor } : server;
    },
  };
}

async function lookUp(session: Session, cloud: string, id: string): Promise<Flavor | null> {
  const version = await session.speaks('compute', known);
  const path = `/flavors/${encodeURIComponent(id)}`;
  return unlessHidden(async () => {
    const { body } = await session.ask('compute', { path, version });
    const { flavor } = read(z.object({ flavor: Wire }), body, cloud, `GET compute ${path}`);
    const { name, vcpus, ram: ramMb, disk: diskGb, extra_specs: brought } = flavor;
    const ephemeralGb = flavor['OS-FLV-EXT-DATA:ephemeral'] ?? null;
    return { name, vcpus, ramMb, diskGb, ephemeralGb, extraSpecs: brought ?? (await specsOf(session, cloud, path)) };
  });
}

async function specsOf(session: Session, cloud: string, flavor: string): Promise<Flavor['extraSpecs']> {
  const path = `${flavor}/os-extra_specs`;
  const { body } = await session.ask('compute', { path });
  return read(z.object({ extra_specs: Specs }), body, cloud, `GET compute ${path}`).extra_specs;
}

/** A flavor that was deleted, or is not shown to this token: its servers live on without figures. */
async function unlessHidden<T>(looking: () => Promise<T>): Promise<T | null> {
  try {
    return await looking();
  } catch (error) {
    if (error instanceof OpenStackError && (error.problem === 'not-found' || error.problem === 'forbidden'))
      return null;
    throw error;
  }
}
