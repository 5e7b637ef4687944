import type { Rows, Work } from '../mysql/database.ts';
import type { CardFacts } from './card.ts';
import { isFrozen } from './freezes.ts';
import { hasEnded, jobOf } from './job.ts';
import { stepsOf } from './steps.ts';
import { readJob } from './store.ts';

/** All rows a job's card is made of; null where there is no such job. */
export async function readCard(rows: Rows | Work, id: string): Promise<CardFacts | null> {
  const job = await readJob(rows, id);
  if (job === null) return null;
  const [steps, votes, children, freeze] = await Promise.all([
    // Steps are written when it begins.
    job.kind === 'change' && job.started_at !== null ? stepsOf(rows, id) : [],
    job.kind === 'change' ? votesOn(rows, id) : [],
    job.kind === 'group' ? childrenOf(rows, id) : [],
    job.kind === 'change' && !hasEnded(job.state) ? isFrozen(rows, job.cloud) : null,
  ]);
  return { job, steps, votes, children, freeze };
}

function votesOn(rows: Rows | Work, id: string) {
  return rows.selectFrom('vote').select(['human', 'choice']).where('job', '=', id).orderBy('at').execute();
}

async function childrenOf(rows: Rows | Work, id: string) {
  const children = await rows.selectFrom('job').selectAll().where('parent', '=', id).orderBy('cloud').execute();
  return children.map(jobOf);
}
