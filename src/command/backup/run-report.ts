import { type Block, type Report, text } from '../../chat/report.ts';
import type { EndedJob } from '../command.ts';
import { spokenDuration } from '../duration.ts';
import { list } from '../words.ts';
import { Dumped, Told } from './dump-step.ts';
import { Proven } from './prove-step.ts';
import { keyBlocks, restoreAllWords } from './words.ts';

/** What was dumped, and what of it is proven: only that is called a backup. */
export function backupReport(job: EndedJob): Report {
  const dumps = job.steps.filter(({ step }) => step === 'dump');
  const proofs = job.steps.filter(({ step }) => step === 'prove');
  const proven = proofs.flatMap(({ state, output }) => (state === 'done' ? (Proven.safeParse(output).data ?? []) : []));
  const refused = dumps.filter(({ state }) => state === 'failed');
  const all = proofs.length > 0 && proven.length === proofs.length && refused.length === 0;
  return {
    title: all ? provenTitle(job, proven) : unprovenTitle(job, { proofs: proofs.length, proven: proven.length }),
    tone: all && job.state === 'done' ? 'good' : job.state === 'done' || proven.length > 0 ? 'warn' : 'bad',
    blocks: [
      { kind: 'steps', steps: job.steps.map(({ label, state, note }) => ({ label, state, note })) },
      ...proven.flatMap(seen),
      ...dumps.flatMap(({ output }) => files(Dumped.safeParse(output).data ?? null)),
      ...keysOf(job),
      ...refused.flatMap(({ output }) => wayOut(Dumped.safeParse(output).data ?? null)),
    ],
    replies: all ? [] : [{ label: 'How things stand', line: 'backup status' }],
    footer: `${job.cloud} · ${job.id} · ${spokenDuration(job.seconds * 1000)}`,
  };
}

function provenTitle({ cloud }: EndedJob, proven: readonly Proven[]): string {
  const restores = restoreAllWords(proven.map(({ restoreSeconds }) => restoreSeconds));
  return `backup of ${cloud} proven, restores in ${restores}`;
}

function unprovenTitle(
  { cloud, state, steps }: EndedJob,
  { proofs, proven }: { proofs: number; proven: number },
): string {
  const dumped = steps.filter(({ step, state: ended }) => step === 'dump' && ended === 'done').length;
  if (state === 'cancelled') return `dump of ${cloud} cancelled`;
  if (proven > 0) return `${cloud}: ${proven} of ${proofs} dumps proven`;
  const isDump = steps.some(({ step }) => step === 'dump');
  if (steps.some(isRefused)) return `ALARM: the dump of ${cloud} is refused`;
  if (isDump && dumped === 0) return `ALARM: no dump of ${cloud} was made`;
  if (proofs === 0) return `dump of ${cloud} written, not proven yet`;
  const bad = steps.some(({ step, state: ended }) => step === 'prove' && ended === 'failed');
  return bad ? `ALARM: the dump of ${cloud} cannot be restored` : `dump of ${cloud} is not proven`;
}

/** It is there, and not what was meant. */
function isRefused({ step, state, output }: EndedJob['steps'][number]): boolean {
  return step === 'dump' && state === 'failed' && output !== null;
}

function seen({ said }: Proven): Block[] {
  return said.length === 0 ? [] : [text(`Seen in it: ${list(said, 12)}.`)];
}

function files(dumped: Dumped | null): Block[] {
  return dumped === null ? [] : [text(dumped.path)];
}

function keysOf({ steps }: EndedJob): Block[] {
  return keyBlocks(steps.flatMap(({ output }) => Told.safeParse(output).data ?? []));
}

function wayOut(dumped: Dumped | null): Block[] {
  if (dumped === null) return [];
  return [text(`If that is right (a purge, a service removed), somebody says so: backup prove ${dumped.name}`)];
}
