import { type Report, say } from '../chat/report.ts';
import { UserError } from '../chat/user-error.ts';
import { readArtifactPage } from '../jobs/artifacts.ts';
import { cardOf } from '../jobs/card.ts';
import { readCard } from '../jobs/card-facts.ts';
import { jobOf, open } from '../jobs/job.ts';
import type { Sitting } from './desk.ts';
import { ago } from './listing-clouds.ts';

const pageRows = 20;

/** Open jobs of all places; `all` adds those that ended, newest first. */
export async function listJobs(sitting: Sitting, all: boolean): Promise<Report> {
  let query = sitting.rows
    .selectFrom('job')
    .selectAll()
    .where('parent', 'is', null)
    .orderBy('created_at', 'desc')
    .limit(pageRows + 1);
  if (!all) query = query.where('state', 'in', open);
  const found = (await query.execute()).map(jobOf);
  if (found.length === 0) return say(all ? 'no jobs yet' : 'nothing is open; jobs --all shows what was');
  const rows = found
    .slice(0, pageRows)
    .map((job) => [job.id, job.state, job.cloud, job.line, job.human, ago(job.created_at, sitting.message.at)]);
  const title =
    found.length > pageRows
      ? `the newest ${pageRows} jobs`
      : `${found.length} ${all ? '' : 'open '}${found.length === 1 ? 'job' : 'jobs'}`;
  return {
    title,
    tone: 'plain',
    blocks: [{ kind: 'table', columns: ['job', 'state', 'cloud', 'line', 'by', 'asked'], rows }],
  };
}

/** The card as it stands now, or every step with its note and times. */
export async function showJob(sitting: Sitting, id: string, what: 'card' | 'log'): Promise<Report> {
  const facts = await readCard(sitting.rows, id.toLowerCase());
  if (facts === null) throw new UserError(`there is no job ${id}: type jobs`);
  if (what === 'card') return cardOf(facts);
  const { job, steps } = facts;
  const rows = steps.map((step) => [
    step.label,
    step.state,
    String(step.attempt),
    span(step.startedAt, step.endedAt),
    step.note,
  ]);
  const events = await sitting.rows
    .selectFrom('audit')
    .select(['at', 'kind', 'human', 'detail'])
    .where('job', '=', job.id)
    .where('kind', '!=', 'step')
    .orderBy('seq')
    .execute();
  return {
    title: `${job.line}: ${job.state}`,
    tone: 'plain',
    blocks: [
      {
        kind: 'table',
        columns: ['when (UTC)', 'what', 'who'],
        rows: events.map((event) => [event.at.toISOString().slice(11, 19), event.kind, event.human ?? '']),
      },
      ...(rows.length === 0
        ? []
        : [{ kind: 'table' as const, columns: ['step', 'state', 'turns', 'from, for', 'note'], rows }]),
    ],
    footer: `${job.id} · ${job.cloud} · asked by ${job.human}`,
  };
}

/** A page of the file that holds a long answer whole. */
export async function showFile(sitting: Sitting, id: string, page: number): Promise<Report> {
  const found = await readArtifactPage(sitting.rows, id.toLowerCase(), page);
  if (found === null) throw new UserError(`${id} has no file, or not that many pages: job ${id} shows all there is`);
  const { name, pages, content } = found;
  const next = page < pages ? [{ label: 'Next page', line: `job ${id} file ${page + 1}` }] : [];
  return {
    title: `${name}, page ${page} of ${pages}`,
    tone: 'plain',
    blocks: [{ kind: 'code', text: content }],
    ...(next.length === 0 ? {} : { replies: next }),
  };
}

/** The whole of what was last shown here in short. */
export async function showMore(sitting: Sitting): Promise<Report> {
  const last = await sitting.rows
    .selectFrom('job')
    .select('id')
    .where('place_id', '=', sitting.message.place.id)
    .where('parent', 'is', null)
    .orderBy('created_at', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (last === undefined) throw new UserError('nothing was shown here yet: jobs --all lists what there is');
  return showJob(sitting, last.id, 'card');
}

function span(from: Date | null, to: Date | null): string {
  if (from === null) return '';
  const begun = from.toISOString().slice(11, 19);
  return to === null ? begun : `${begun}, ${Math.round((to.getTime() - from.getTime()) / 1000)} s`;
}
