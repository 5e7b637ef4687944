import { z } from 'zod';
import { type Report, text } from '../../chat/report.ts';
import { UserError } from '../../chat/user-error.ts';
import type { ArchivePart } from '../../openstack/cloud.ts';
import type { EndedJob, PlanContext, StepContext } from '../command.ts';
import { spokenDuration } from '../duration.ts';
import { done, type Outcome, unproven } from '../outcome.ts';
import type { PlanDraft, PlannedStep, PlanRow } from '../plan.ts';
import { count, list, size } from '../words.ts';

export const RestoreInput = z.object({ name: z.string(), path: z.string(), rows: z.number().nullable() });
export const CountInput = z.object({ most: z.number().nullable(), least: z.number().nullable() });

type Draft = PlanDraft & { steps: (PlannedStep & { step: 'restore' | 'count' })[] };

/** Puts an archive's rows into the scratch database, which must be empty; production is never a place for it. */
export async function restorePlan(file: string, { cloud }: PlanContext): Promise<Draft> {
  const parts = await partsOf(file, cloud.databases);
  const isPart = parts.some(({ name }) => name === file);
  if (!isPart) mustBeAll(file, parts);
  const scratch = await mustBeEmpty(cloud.databases);
  const rows = sumOf(parts, 'rows');
  const again = sumOf(parts, 'again');
  const least = rows === null || again === null ? null : rows - again;
  const known = rows === null ? 'not known: a part has no manifest' : `${rows}`;
  const fields: [string, string][] = [
    ['into', scratch],
    ['rows', known],
  ];
  return {
    title: `restore ${count(parts.length, 'file')} of ${file} into scratch`,
    blocks: [
      { kind: 'fields', fields },
      ...(isPart || parts.some(({ manifest }) => manifest !== null) ? [] : [text(unknownParts)]),
    ],
    rows: parts.map(rowOf),
    stages: [{ name: 'restore' }, { name: 'count' }],
    steps: [
      ...parts.map(stepOf),
      { key: 'count', step: 'count', input: { most: rows, least }, stage: 'count', label: 'count what is there' },
    ],
    claims: [`scratch:${cloud.name}`],
    size: parts.length,
  };
}

type Databases = PlanContext['cloud']['databases'];

async function partsOf(file: string, databases: Databases): Promise<ArchivePart[]> {
  const parts = await databases.archives(file);
  if (parts.length === 0) throw new UserError(await notThere(file, databases));
  mustOpen(parts, databases);
  return parts.toSorted((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
}

async function notThere(file: string, { archives }: Databases): Promise<string> {
  const all = await archives();
  const known = all.length === 0 ? 'it has none' : `it has ${list(all.map(({ name }) => name))}`;
  return `this worker has no archive ${file}: ${known}`;
}

function mustOpen(parts: readonly ArchivePart[], databases: Databases): void {
  const closed = parts.find(({ manifest }) => manifest !== null && !databases.opens(manifest.keyId));
  if (closed === undefined) return;
  throw new UserError(
    `${closed.name} is sealed to key ${closed.manifest?.keyId}, whose private half this worker does not have: docs/archives.md says how to open it elsewhere`,
  );
}

const unknownParts = 'Without a manifest nobody knows whether the archive has more parts on other hosts.';

/** Whoever names an archive means all of it: a worker that took the job up on another host wrote its part there. */
function mustBeAll(archive: string, parts: readonly ArchivePart[]): void {
  const here = new Set(parts.map(({ name }) => name));
  const absent = parts.flatMap(({ manifest }) => manifest?.parts ?? []).find(({ name }) => !here.has(name));
  const numbers = new Set(parts.map(({ name, manifest }) => manifest?.part ?? numberOf(name)));
  const gap = [...numbers].map((_, index) => index + 1).find((number) => !numbers.has(number));
  if (absent === undefined && gap === undefined) return;
  const what = absent === undefined ? `its part ${gap} is not on this worker` : `${absent.name} is on ${absent.host}`;
  throw new UserError(
    `not all of ${archive} is here: ${what}. Copy it and its .json into this worker's folder, or restore single parts by their file names (${list([...here])})`,
  );
}

function numberOf(name: string): number {
  return Number(/-(\d+)\.sql\.zst/.exec(name)?.[1] ?? 1);
}

/** How it is called. */
async function mustBeEmpty({ scratch }: Databases): Promise<string> {
  const { label, tables } = await scratch();
  if (tables.length === 0) return label;
  throw new UserError(
    `${label} is not empty (${list(tables)}): restores go into an empty database only, so drop these tables first`,
  );
}

function sumOf(parts: readonly ArchivePart[], key: 'rows' | 'again'): number | null {
  if (parts.some(({ manifest }) => manifest === null)) return null;
  return parts.reduce((sum, { manifest }) => sum + (manifest?.[key] ?? 0), 0);
}

function rowOf(part: ArchivePart): PlanRow {
  return { key: `restore:${part.name}`, label: part.name, verdict: 'restore', weight: 1, why: whyOf(part) };
}

function whyOf({ host, bytes, manifest }: ArchivePart): string {
  const what = `${size(bytes / 1024 ** 2)} on ${host}`;
  if (manifest === null) return `${what}, without a manifest: its whole frames`;
  return `${what}, ${count(manifest.rows, 'row')} from ${manifest.firstExpires} to ${manifest.lastExpires}`;
}

function stepOf({ name, path, manifest }: ArchivePart): Draft['steps'][number] {
  const input = { name, path, rows: manifest?.rows ?? null };
  return { key: `restore:${name}`, step: 'restore', input, stage: 'restore', label: `restore ${name}` };
}

const Mark = z.object({ frames: z.number(), rows: z.number() });

export async function restorePart(
  { path, rows }: z.output<typeof RestoreInput>,
  context: StepContext,
): Promise<Outcome> {
  let mark = Mark.safeParse(context.checkpoint).data ?? { frames: 0, rows: 0 };
  for await (const frame of context.cloud.databases.restore(path, mark.frames)) {
    mark = { frames: frame.frames, rows: mark.rows + frame.rows };
    await context.remember(mark);
    context.progress(rows === null ? count(mark.rows, 'row') : `${mark.rows} of ${rows} rows`);
    if (context.signal.aborted) await context.sleep(0);
    if (context.cancelled()) return unproven(`stopped after ${count(mark.rows, 'row')}`);
  }
  return done(count(mark.rows, 'row'));
}

export async function countRestored(
  { most, least }: z.output<typeof CountInput>,
  context: StepContext,
): Promise<Outcome> {
  const { rows } = await context.cloud.databases.scratch();
  if (most === null || least === null)
    return unproven(`${count(rows, 'row')}; without a manifest nobody knows how many there should be`);
  if (rows >= least && rows <= most) return done(`${count(rows, 'row')}, as the manifest says`);
  return unproven(`${count(rows, 'row')}, but the manifest says ${most}`);
}

export function restoreReport(job: EndedJob): Report {
  const counted = job.steps.find(({ step }) => step === 'count');
  const whole = job.state === 'done';
  return {
    title: whole ? `Restored into scratch: ${counted?.note ?? ''}` : `${job.line}: not all is restored`,
    tone: whole ? 'good' : 'warn',
    blocks: [
      { kind: 'steps', steps: job.steps.map(({ label, state, note }) => ({ label, state, note })) },
      text(
        'The rows are in the table they came from, in the scratch database. Drop it when you have seen enough: it holds people’s tokens.',
      ),
    ],
    footer: `${job.cloud} · ${job.id} · ${spokenDuration(job.seconds * 1000)}`,
  };
}
