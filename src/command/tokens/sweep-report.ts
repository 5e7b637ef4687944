import { type Block, type Report, text } from '../../chat/report.ts';
import type { SweptTable } from '../../openstack/cloud.ts';
import type { EndedJob } from '../command.ts';
import { spokenDuration } from '../duration.ts';
import { count, list, size } from '../words.ts';
import { SweepInput, SweepOutput } from './sweep-step.ts';
import { sweptWords } from './swept.ts';

/** So many rows are enough that a small keystone is far smaller without them. */
const large = 10_000;
const backupWords =
  'The next backup may be refused as far smaller than the last proven one: then backup prove NAME accepts it.';

/** What a purge or an archive has done, where the archive is, and what it did not do. */
export function sweepReport(job: EndedJob): Report {
  const purge = job.steps.some(({ step }) => step === 'prove');
  const sweep = job.steps.find(({ step }) => step === 'sweep');
  const output = SweepOutput.safeParse(sweep?.output).data ?? null;
  const table = SweepInput.safeParse(sweep?.input).data?.table ?? 'token';
  const rows = (purge ? output?.deleted : output?.archived) ?? 0;
  const whole = job.state === 'done';
  const did = purge ? 'purged' : 'archived';
  return {
    title: `${output?.about ? 'about ' : ''}${count(rows, sweptWords[table].old)} of ${job.cloud} ${did}${whole ? '' : `, ${stateWords(job)}`}`,
    tone: whole ? 'good' : rows > 0 ? 'warn' : 'bad',
    blocks: [
      { kind: 'steps', steps: job.steps.map(({ label, state, note }) => ({ label, state, note })) },
      ...(output === null ? [] : archiveBlocks(output)),
      ...(purge && rows > 0 ? [text(shrinkWords(table))] : []),
      ...(purge && rows >= large && output?.backedUp ? [text(backupWords)] : []),
    ],
    ...(whole ? {} : { replies: [{ label: 'Go on', line: job.line }] }),
    footer: `${job.cloud} · ${job.id} · ${spokenDuration(job.seconds * 1000)}`,
  };
}

function shrinkWords(table: SweptTable): string {
  return `The file of the table is as large as before, its pages are free for new rows. OPTIMIZE TABLE ${table} makes it smaller: it copies what is left, and on Galera all nodes wait for it.`;
}

function stateWords({ state }: EndedJob): string {
  return state === 'cancelled' ? 'then cancelled' : state === 'failed' ? 'then it failed' : 'not all proven';
}

function archiveBlocks({ parts, again }: SweepOutput): Block[] {
  if (parts.length === 0) return [];
  return [
    {
      kind: 'table',
      columns: ['ARCHIVE', 'HOST', 'ROWS', 'SIZE', 'SHA-256'],
      rows: parts.map(({ host, path, bytes, rows, sha256 }) => [
        path,
        host,
        rows === null ? '?' : `${rows}`,
        size(bytes / 1024 ** 2),
        sha256?.slice(0, 16) ?? 'no manifest',
      ]),
    },
    ...(again > 0
      ? [text(`Up to ${count(again, 'row')} may stand in it twice, for a worker died: a restore takes them once.`)]
      : []),
    ...otherHosts(parts),
  ];
}

/** A part on another host is whole up to what was deleted, but only its own disk can prove it. */
function otherHosts(parts: SweepOutput['parts']): Block[] {
  const unproven = parts.filter(({ sha256 }) => sha256 === null);
  if (unproven.length === 0) return [];
  const where = list(unproven.map(({ host, path }) => `${host}:${path}`));
  return [
    text(
      `Without a manifest, for its worker went away or its disk is full: ${where}. Keep it: rows were deleted that stand there.`,
    ),
  ];
}
