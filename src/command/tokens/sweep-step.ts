import { z } from 'zod';
import { UserError } from '../../chat/user-error.ts';
import type { ArchivePart, SweepChunk, SweepMark, TokenSweep } from '../../openstack/cloud.ts';
import type { StepContext } from '../command.ts';
import { spokenDuration } from '../duration.ts';
import { blocked, done, failed, type Json, type Outcome, unproven } from '../outcome.ts';
import { count, size } from '../words.ts';
import { Swept } from './swept.ts';

export const SweepInput = z.object({
  table: Swept.default('token'),
  cutoff: z.string(),
  archive: z.boolean(),
  purge: z.boolean(),
  index: z.string().nullable(),
  expected: z.number().nullable(),
});
type SweepInput = z.output<typeof SweepInput>;

const Mark = z.object({
  at: z.string(),
  archived: z.number(),
  deleted: z.number(),
  parts: z.array(z.object({ host: z.string(), path: z.string(), bytes: z.number() })),
});

/** What the step leaves for the report. */
export const SweepOutput = z.object({
  archived: z.number(),
  deleted: z.number(),
  /** A worker died on the way: what it did after its last intent is in no count. */
  about: z.boolean().default(false),
  again: z.number(),
  /** The cloud's databases are dumped: the next dump is held against the last proven one. */
  backedUp: z.boolean().default(false),
  parts: z.array(
    z.object({
      host: z.string(),
      path: z.string(),
      bytes: z.number(),
      sha256: z.string().nullable(),
      rows: z.number().nullable(),
    }),
  ),
});
export type SweepOutput = z.output<typeof SweepOutput>;

interface Sweeping {
  readonly sweep: TokenSweep;
  readonly input: SweepInput;
  readonly context: StepContext;
  /** When this worker began, and where: for how fast it goes. */
  readonly began: number;
  readonly from: SweepMark;
  mark: SweepMark;
}

const begin: SweepMark = { at: '', archived: 0, deleted: 0, parts: [] };
const brakeMs = 1000;

/**
 * Chunk by chunk: archived and on the disk first, then the intent in a row, then the delete. A worker that takes it up
 * begins at the last intent; what stands in the archive but not yet deleted comes again in a new part.
 */
export async function sweepTokens(input: SweepInput, context: StepContext): Promise<Outcome> {
  const mark = Mark.safeParse(context.checkpoint).data ?? null;
  const { job, cloud } = context;
  const order = { ...input, job: job.id, human: job.human };
  const sweep = await cloud.databases.openSweep(order, mark);
  const from = mark ?? begin;
  const sweeping: Sweeping = { sweep, input, context, began: context.now().getTime(), from, mark: from };
  try {
    const stopped = await walk(sweeping);
    return stopped === null ? done(said(sweeping), await ended(sweeping)) : blocked(stopped, await ended(sweeping));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return failed(
      `${error.message}; ${said(sweeping)} until then`,
      await ended(sweeping).catch(() => outputOf(sweeping, [])),
    );
  } finally {
    await sweep.close();
  }
}

/** Null when it came to the end, else why it stopped. */
async function walk(sweeping: Sweeping): Promise<string | null> {
  const { sweep, input, context } = sweeping;
  for (;;) {
    // Told to stop at once or to hand over: `sleep` throws, and whoever comes next goes on from the last intent.
    if (context.signal.aborted && !context.cancelled()) await context.sleep(0);
    if (context.cancelled()) return `stopped: ${said(sweeping)}`;
    if (input.purge && (await held(sweeping))) continue;
    const chunk = await sweep.next();
    if (chunk === null) return null;
    await take(sweeping, chunk);
    context.progress(progressWords(sweeping));
  }
}

async function take(sweeping: Sweeping, chunk: SweepChunk): Promise<void> {
  const { sweep, input, context } = sweeping;
  sweeping.mark = chunk.mark;
  const kept = chunk.mark as unknown as Json;
  if (!input.purge) return context.remember(kept);
  for (;;) {
    const gone = await context.act(kept, (limits) => sweep.remove(chunk, limits));
    sweeping.mark = { ...chunk.mark, deleted: chunk.mark.deleted + (gone ?? 0) };
    if (gone !== null || context.cancelled()) return;
    context.progress('waiting: somebody holds rows of the next chunk, or the cluster is busy');
    await context.sleep(brakeMs);
  }
}

/** Waits a second where something is in the way: true means look again. */
async function held({ sweep, context }: Sweeping): Promise<boolean> {
  const why = await sweep.brake();
  if (why === null) return false;
  sweep.slower();
  context.progress(`waiting: ${why}`);
  await context.sleep(brakeMs);
  return true;
}

function said({ input, mark, from }: Pick<Sweeping, 'input' | 'mark' | 'from'>): string {
  const about = from === begin ? '' : 'about ';
  const words = [
    ...(input.archive ? [`${about}${count(mark.archived, 'row')} archived`] : []),
    ...(input.purge ? [`${about}${count(mark.deleted, 'row')} deleted`] : []),
  ];
  return words.join(', ');
}

function progressWords({ input, mark, from, began, context }: Sweeping): string {
  const rows = (one: SweepMark): number => (input.purge ? one.deleted : one.archived);
  const seconds = Math.max(1, (context.now().getTime() - began) / 1000);
  const speed = Math.max(1, (rows(mark) - rows(from)) / seconds);
  const left =
    input.expected === null ? keysLeft(from.at, mark.at, seconds) : Math.max(0, input.expected - rows(mark)) / speed;
  const bytes = mark.parts.reduce((sum, part) => sum + part.bytes, 0);
  return [
    input.expected === null ? count(rows(mark), 'row') : `${rows(mark)} of ${input.expected} rows`,
    `${Math.round(speed)}/s`,
    ...(left === null ? [] : [`about ${spokenDuration(left * 1000)} left`]),
    ...(bytes > 0 ? [`archive ${size(bytes / 1024 ** 2)}`] : []),
  ].join(', ');
}

/** Seconds, by the share of all keys that were walked: ids are hex digits at random, UUIDs as well as hashes. */
function keysLeft(from: string, at: string, seconds: number): number | null {
  const [begun, walked] = [shareOf(from), shareOf(at)];
  if (begun === null || walked === null || walked <= begun) return null;
  return (seconds * (1 - walked)) / (walked - begun);
}

/** `4` is a quarter of the way to `ffff…`; null where ids are something else. */
function shareOf(key: string): number | null {
  return /^[0-9a-f]*$/.test(key) ? Number.parseInt(key.slice(0, 8).padEnd(8, '0'), 16) / 2 ** 32 : null;
}

async function ended(sweeping: Sweeping): Promise<Json> {
  return outputOf(sweeping, await sweeping.sweep.finish(sweeping.mark));
}

function outputOf({ mark, from, context }: Sweeping, made: readonly ArchivePart[]): Json {
  const { archived, deleted, parts } = mark;
  const known = new Map(made.map((part) => [part.path, part]));
  return {
    archived,
    deleted,
    about: from !== begin,
    backedUp: isBackedUp(context.cloud),
    again: made.reduce((sum, { manifest }) => sum + (manifest?.again ?? 0), 0),
    parts: (made.length > 0 ? made : parts).map(({ host, path, bytes }) => {
      const manifest = known.get(path)?.manifest ?? null;
      return { host, path, bytes, sha256: manifest?.sha256 ?? null, rows: manifest?.rows ?? null };
    }),
  };
}

function isBackedUp({ databases }: StepContext['cloud']): boolean {
  try {
    return databases.dumps.servers().length > 0;
  } catch (error) {
    if (error instanceof UserError) return false;
    throw error;
  }
}

export const ProveInput = z.object({ table: Swept.default('token'), cutoff: z.string() });

const proveMs = 120_000;

/** A look that would be false if a row had been left. */
export async function proveNoneLeft(
  { table, cutoff }: z.output<typeof ProveInput>,
  context: StepContext,
): Promise<Outcome> {
  const left = await context.cloud.databases.expiredLeft(table, cutoff, proveMs);
  if (left === null) return unproven(`whether any is left could not be seen within ${proveMs / 1000} s`);
  if (!left) return done('none left, read back');
  const swept = context.ended.find(({ step }) => step === 'sweep');
  return swept?.state === 'done'
    ? unproven('some were there again after the purge: is somebody restoring them?')
    : unproven('some are left');
}
