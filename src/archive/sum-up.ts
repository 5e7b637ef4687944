import { createHash } from 'node:crypto';
import { open, truncate } from 'node:fs/promises';
import { hostname } from 'node:os';
import { UserError } from '../chat/user-error.ts';
import { readFrames } from './frames.ts';
import { type Manifest, writeManifest } from './manifest.ts';
import { inWords } from './writer.ts';

/** What an archive's frames do not say themselves. */
export type ManifestFacts = Omit<Manifest, keyof Sum | 'format' | 'host'>;

interface Sum {
  readonly rows: number;
  readonly again: number;
  readonly frames: number;
  readonly firstExpires: string;
  readonly lastExpires: string;
  readonly rawBytes: number;
  readonly bytes: number;
  readonly sha256: string;
  readonly keyId: string | null;
}

interface Known {
  /** Where the walk stood when the next part began; null where this is the last. */
  readonly next: string | null;
  /** Bytes that were safe: fewer that are whole now mean damage. What a death has torn lies behind them. */
  readonly atLeast: number;
}

/** Ends an archive: reads it again from the disk, proves every frame by its SHA-256, and writes the manifest beside it. */
export function finishArchive(path: string, facts: ManifestFacts, { next, atLeast }: Known): Promise<Manifest> {
  return inWords(path, async () => {
    const sum = await sumUp(path, next);
    if (sum.bytes < atLeast)
      throw new UserError(`the archive ${path} on ${hostname()} is damaged after ${sum.bytes} of ${atLeast} bytes`);
    // A death may have torn a frame behind the last whole one: `sha256sum` knows nothing of frames.
    await truncate(path, sum.bytes);
    const made: Manifest = { format: 'vigie archive 1', ...facts, ...sum, host: hostname() };
    await writeManifest(path, made);
    return made;
  });
}

async function sumUp(path: string, next: string | null): Promise<Sum> {
  const file = await open(path, 'r');
  const whole = createHash('sha256');
  const sum = { rows: 0, again: 0, frames: 0, firstExpires: '', lastExpires: '', rawBytes: 0, bytes: 0 };
  let repeated = false;
  let keyId: string | null = null;
  try {
    for await (const { head, end } of readFrames(file)) {
      const length = end - sum.bytes;
      whole.update((await file.read(Buffer.alloc(length), 0, length, sum.bytes)).buffer);
      repeated ||= next !== null && head.kind === 'rows' && head.from >= next;
      ({ keyId } = head);
      sum.rows += head.rows;
      sum.again += repeated ? head.rows : 0;
      sum.frames += 1;
      if (head.first !== '' && (sum.firstExpires === '' || head.first < sum.firstExpires))
        sum.firstExpires = head.first;
      if (head.last > sum.lastExpires) sum.lastExpires = head.last;
      sum.rawBytes += head.statements.reduce((total, bytes) => total + bytes, 0);
      sum.bytes = end;
    }
  } finally {
    await file.close();
  }
  return { ...sum, keyId, sha256: whole.digest('hex') };
}
