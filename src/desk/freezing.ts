import { type Report, say } from '../chat/report.ts';
import { UserError } from '../chat/user-error.ts';
import { touchCards } from '../jobs/deliveries.ts';
import { open } from '../jobs/job.ts';
import { dbNow } from '../jobs/store.ts';
import { knownClouds } from './clouds.ts';
import type { Sitting } from './desk.ts';
import { personAt, record, work } from './person.ts';

/** No changing step starts any more, on one cloud or on all; what has begun goes on to its safe point. */
export async function freeze(sitting: Sitting, cloud: string | null, reason: string): Promise<Report> {
  const where = await scope(sitting, cloud);
  const { human } = personAt(sitting);
  const rows = work(sitting);
  await rows
    .insertInto('freeze')
    .values({ cloud: where, human, reason, at: dbNow })
    .onDuplicateKeyUpdate({ reason, human, at: dbNow })
    .execute();
  await touchOpen(sitting, where);
  record(sitting, { kind: 'freeze', detail: { cloud: where, reason } });
  return say(
    `${spoken(where)} frozen: no changing step starts before another person types thaw${cloud === null ? '' : ` --cloud ${cloud}`}`,
  );
}

/** A second person ends it: whoever froze cannot thaw alone. */
export async function thaw(sitting: Sitting, cloud: string | null): Promise<Report> {
  const where = await scope(sitting, cloud);
  const { human } = personAt(sitting);
  const rows = work(sitting);
  const frozen = await rows.selectFrom('freeze').selectAll().where('cloud', '=', where).executeTakeFirst();
  if (frozen === undefined) throw new UserError(`${spoken(where)} not frozen`);
  if (frozen.human === human)
    throw new UserError(`you froze it: another person has to type thaw${cloud === null ? '' : ` --cloud ${cloud}`}`);
  await rows.deleteFrom('freeze').where('cloud', '=', where).execute();
  await touchOpen(sitting, where);
  record(sitting, { kind: 'thaw', detail: { cloud: where } });
  return say(`${spoken(where)} thawed (${frozen.human} had frozen: ${frozen.reason})`);
}

async function scope(sitting: Sitting, cloud: string | null): Promise<string> {
  if (cloud === null || cloud === 'all') return '*';
  const known = await knownClouds(sitting.rows, sitting.policy());
  if (!known.includes(cloud)) throw new UserError(`there is no cloud ${cloud} (known: ${known.join(', ')})`);
  return cloud;
}

function spoken(where: string): string {
  return where === '*' ? 'all clouds are' : `${where} is`;
}

async function touchOpen(sitting: Sitting, where: string): Promise<void> {
  const rows = work(sitting);
  let jobs = rows.selectFrom('job').select('id').where('state', 'in', open).where('kind', '=', 'change');
  if (where !== '*') jobs = jobs.where('cloud', '=', where);
  for (const { id } of await jobs.execute()) await touchCards(rows, id);
}
