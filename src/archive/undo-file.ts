import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { UserError } from '../chat/user-error.ts';
import type { RawRow } from './sql.ts';
import { writeWhole } from './whole-file.ts';
import { inWords } from './writer.ts';

/** A column's text; its bytes where they are no text; null for NULL. */
const Cell = z
  .union([z.string(), z.null(), z.object({ base64: z.string() })])
  .transform((cell): Buffer | null =>
    cell === null ? null : typeof cell === 'string' ? Buffer.from(cell) : Buffer.from(cell.base64, 'base64'),
  );

/** Rows as they were before a job changed them, and as it left them. */
export const UndoRecord = z.object({
  format: z.literal('vigie undo 1'),
  cloud: z.string(),
  job: z.string(),
  human: z.string(),
  host: z.string(),
  at: z.string(),
  runbook: z.string(),
  runbookSha256: z.string(),
  database: z.enum(['cell', 'nova_api', 'keystone']),
  cell: z.string().nullable(),
  change: z.enum(['update', 'delete']),
  table: z.string(),
  key: z.string(),
  columns: z.array(z.string()),
  /** What the change wrote, even where it wrote what was there: one that changes by itself is put back by being written. */
  set: z.array(z.string()).default([]),
  /** Columns whose content no chat shows. */
  hidden: z.array(z.string()),
  before: z.array(z.array(Cell)),
  /** Empty where they were deleted. */
  after: z.array(z.array(Cell)),
});
export type UndoRecord = z.output<typeof UndoRecord>;

export interface WrittenUndo {
  readonly host: string;
  readonly path: string;
  readonly sha256: string;
}

/** On the disk when it returns, 0600; in the place of what an earlier attempt of the same job wrote. */
export async function writeUndo(folder: string, record: Omit<UndoRecord, 'format' | 'host'>): Promise<WrittenUndo> {
  const path = pathOf(folder, record.cloud, record.job);
  const { before, after, ...facts } = record;
  const images = { before: before.map(encoded), after: after.map(encoded) };
  const text = `${JSON.stringify({ format: 'vigie undo 1', host: hostname(), ...facts, ...images }, null, 1)}\n`;
  await inWords(path, async () => {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeWhole(path, text);
  });
  return { host: hostname(), path, sha256: hashOf(text) };
}

/** What that job wrote on this disk; null where it wrote nothing here. */
export async function readUndo(
  folder: string,
  { cloud, job }: { cloud: string; job: string },
): Promise<{ record: UndoRecord; file: WrittenUndo } | null> {
  const path = pathOf(folder, cloud, job);
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw new UserError(`${path} on ${hostname()} cannot be read`);
  });
  if (text === null) return null;
  return { record: parsed(path, text), file: { host: hostname(), path, sha256: hashOf(text) } };
}

function parsed(path: string, text: string): UndoRecord {
  try {
    return UndoRecord.parse(JSON.parse(text));
  } catch {
    throw new UserError(`${path} on ${hostname()} is no undo file of vigie, or was changed`);
  }
}

/** A job's id has letters and digits only; what is something else names no file. */
function pathOf(folder: string, cloud: string, job: string): string {
  if (!/^[0-9a-z]{1,32}$/.test(job)) throw new UserError(`${JSON.stringify(job.slice(0, 40))} is no job's id`);
  return join(folder, `undo-${cloud}-${job}.json`);
}

function encoded(row: RawRow): (string | null | { base64: string })[] {
  return row.map((cell) => {
    if (cell === null) return null;
    const text = cell.toString('utf8');
    return Buffer.from(text).equals(cell) ? text : { base64: cell.toString('base64') };
  });
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
