import type { Rows, Work } from '../mysql/database.ts';
import type { CardFacts } from './card.ts';
import { freezesOf, holding } from './freezes.ts';
import { hasEnded, type JobState, jobOf } from './job.ts';
import { stepsOf } from './steps.ts';

/** All rows a job's card is made of; null where there is no such job. Throws where its own rows no longer parse. */
export type Cards = (id: string) => Promise<CardFacts | null>;

export async function readCard(rows: Rows | Work, id: string): Promise<CardFacts | null> {
  return (await readCards(rows, [id]))(id);
}

/** What is short of several jobs' cards is read together. */
export async function readCards(rows: Rows | Work, ids: readonly string[]): Promise<Cards> {
  const jobs = ids.length === 0 ? [] : await rows.selectFrom('job').selectAll().where('id', 'in', ids).execute();
  const changes = jobs.filter(({ kind }) => kind === 'change');
  const open = changes.filter(({ state }) => !hasEnded(state as JobState));
  const [votes, children, freezes] = await Promise.all([
    votesOn(rows, idsOf(changes)),
    childrenOf(rows, idsOf(jobs.filter(({ kind }) => kind === 'group'))),
    freezesOf(rows, [...new Set(open.map(({ cloud }) => cloud))]),
  ]);
  return async (id) => {
    const row = jobs.find((one) => one.id === id);
    if (row === undefined) return null;
    const job = jobOf(row);
    return {
      job,
      // Steps are written when it begins.
      steps: job.kind === 'change' && job.started_at !== null ? await stepsOf(rows, id) : [],
      votes: votes.filter(({ job }) => job === id).map(({ human, choice }) => ({ human, choice })),
      children: children.filter(({ parent }) => parent === id).map(jobOf),
      freeze: open.includes(row) ? holding(freezes, job.cloud) : null,
    };
  };
}

function idsOf(jobs: readonly { readonly id: string }[]): string[] {
  return jobs.map(({ id }) => id);
}

async function votesOn(rows: Rows | Work, jobs: readonly string[]) {
  if (jobs.length === 0) return [];
  return rows.selectFrom('vote').select(['job', 'human', 'choice']).where('job', 'in', jobs).orderBy('at').execute();
}

async function childrenOf(rows: Rows | Work, groups: readonly string[]) {
  if (groups.length === 0) return [];
  return rows.selectFrom('job').selectAll().where('parent', 'in', groups).orderBy('cloud').execute();
}
