import { z } from 'zod';
import { OpenStackError } from './errors.ts';
import type { Session } from './session.ts';
import { read } from './wire.ts';

const Volume = z.object({ volume: z.looseObject({ size: z.number() }) });

const atOnce = 8;
/** One request each, for Cinder cannot be asked for those of a host: beyond this many the rest is not known. */
const most = 400;

/** GiB of each, by id, as far as Cinder tells; null where the cloud has none. */
export async function volumeSizes(
  session: Session,
  cloud: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, number> | null> {
  if (ids.length === 0) return new Map();
  if ((await session.find('volume')) === null) return null;
  const sizes = new Map<string, number>();
  const asked = ids.slice(0, most);
  for (let from = 0; from < asked.length; from += atOnce) {
    const batch = asked.slice(from, from + atOnce);
    const found = await Promise.all(batch.map((id) => sizeOf(session, cloud, id)));
    for (const [at, id] of batch.entries()) {
      const size = found[at];
      if (typeof size === 'number') sizes.set(id, size);
    }
    // One refusal stands for all: nobody waits for hundreds.
    if (found.every((size) => size === null)) return sizes;
  }
  return sizes;
}

/** Null where Cinder does not tell, whatever the reason: a size is nothing a plan should fail for. */
async function sizeOf(session: Session, cloud: string, id: string): Promise<number | null> {
  const path = `/volumes/${encodeURIComponent(id)}`;
  try {
    const { body } = await session.ask('volume', { path });
    return read(Volume, body, cloud, `GET volume ${path}`).volume.size;
  } catch (error) {
    if (error instanceof OpenStackError) return null;
    throw error;
  }
}
