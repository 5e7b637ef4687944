import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { writeWhole } from './whole-file.ts';

/** What stands beside an archive as `FILE.json`, once its writer has ended. Holds no id and no user's data. */
export const Manifest = z.object({
  format: z.literal('vigie archive 1'),
  cloud: z.string(),
  table: z.string(),
  columns: z.array(z.string()),
  /** Of CREATE TABLE as the server showed it. */
  schemaSha256: z.string(),
  server: z.string(),
  /** A job that was taken up again goes on in a new part: 1, 2, … */
  part: z.number().int(),
  /** All parts of the archive, as whoever ended it knew them: some may be on other hosts. */
  parts: z.array(z.object({ host: z.string(), name: z.string() })),
  /** Rows that expired before this moment, naive UTC. */
  before: z.string(),
  rows: z.number().int(),
  /** Of these so many may stand in the next part again: a worker died between writing and deleting them. */
  again: z.number().int(),
  frames: z.number().int(),
  firstExpires: z.string(),
  lastExpires: z.string(),
  rawBytes: z.number().int(),
  bytes: z.number().int(),
  sha256: z.string(),
  /** Of the public key it is sealed to; null where it is in clear. */
  keyId: z.string().nullable(),
  deleted: z.boolean(),
  job: z.string(),
  human: z.string(),
  host: z.string(),
  endedAt: z.string(),
});
export type Manifest = z.output<typeof Manifest>;

export function writeManifest(archive: string, manifest: object): Promise<void> {
  return writeWhole(manifestPath(archive), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** Null where there is none: its writer did not come to an end. */
export function readManifest(archive: string): Promise<Manifest | null> {
  return readBeside(archive, Manifest);
}

/** What any manifest vouches for: so many bytes of its file. */
export async function vouchedBytes(archive: string): Promise<number | null> {
  return (await readBeside(archive, z.object({ bytes: z.number().int() })))?.bytes ?? null;
}

export async function readBeside<S extends z.ZodType>(archive: string, schema: S): Promise<z.output<S> | null> {
  const text = await readFile(manifestPath(archive), 'utf8').catch(() => null);
  if (text === null) return null;
  try {
    return schema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

export function manifestPath(archive: string): string {
  return `${archive}.json`;
}
