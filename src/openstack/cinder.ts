import { once } from 'node:events';
import { z } from 'zod';
import { OpenStackError } from './errors.ts';
import type { Session } from './session.ts';
import { read } from './wire.ts';

const Volume = z.object({ volume: z.looseObject({ size: z.number() }) });

const atOnce = 8;
/** One request each, for Cinder cannot be asked for those of a host: beyond this many the rest is not known. */
const most = 400;

/** All of it together: sizes are worth no longer wait, whatever Cinder does. */
const withinMs = 10_000;

/** GiB of each, by id, as far as Cinder tells in time; null where the cloud has none. */
export async function volumeSizes(
  session: Session,
  cloud: string,
  ids: readonly string[],
  within = withinMs,
): Promise<ReadonlyMap<string, number> | null> {
  if (ids.length === 0) return new Map();
  const sizes = new Map<string, number>();
  const signal = AbortSignal.timeout(within);
  const asking = { session, cloud, signal };
  const over = once(signal, 'abort').then(() => sizes);
  return Promise.race([fill(sizes, ids.slice(0, most), asking), over]);
}

interface Asking {
  readonly session: Session;
  readonly cloud: string;
  readonly signal: AbortSignal;
}

async function fill(sizes: Map<string, number>, ids: readonly string[], asking: Asking) {
  if ((await asking.session.find('volume')) === null) return null;
  for (let from = 0; from < ids.length && !asking.signal.aborted; from += atOnce) {
    const batch = ids.slice(from, from + atOnce);
    const found = await Promise.all(
      batch.map(async (id) => {
        const size = await sizeOf(id, asking);
        if (size !== null) sizes.set(id, size);
        return size;
      }),
    );
    // One refusal stands for all: nobody waits for hundreds.
    if (found.every((size) => size === null)) return sizes;
  }
  return sizes;
}

/** Null where Cinder does not tell, whatever the reason: a size is nothing a plan should fail for. */
async function sizeOf(id: string, { session, cloud, signal }: Asking): Promise<number | null> {
  const path = `/volumes/${encodeURIComponent(id)}`;
  const limits = { signal, notAfter: Number.POSITIVE_INFINITY };
  try {
    const { body } = await session.ask('volume', { path, limits });
    return read(Volume, body, cloud, `GET volume ${path}`).volume.size;
  } catch (error) {
    if (error instanceof OpenStackError || signal.aborted) return null;
    throw error;
  }
}
