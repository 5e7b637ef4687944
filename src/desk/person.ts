import { UserError } from '../chat/user-error.ts';
import type { Registered } from '../command/registry.ts';
import { isStanding, type Job, type JobState } from '../jobs/job.ts';
import { openJobsIn, readLocked } from '../jobs/store.ts';
import type { Work } from '../mysql/database.ts';
import type { Entry } from '../policy/audit.ts';
import { authorize } from '../policy/authorize.ts';
import { type Person, personOf } from '../policy/policy.ts';
import type { Sitting } from './desk.ts';

/** Who sits at the desk: an account that the policy knows. */
export function personAt({ message, policy }: Sitting): Person & { account: string } {
  const { account } = message.from;
  const person = account === null ? null : personOf(policy(), account);
  if (account === null || person === null) throw new UserError('nobody knows you here: type whoami');
  return { ...person, account };
}

/** Who did what goes into the audit with the line that did it. */
export function record(sitting: Sitting, entry: Pick<Entry, 'kind' | 'job' | 'line' | 'detail'>): void {
  const { human, account } = personAt(sitting);
  sitting.entries.push({ ...entry, human, account, place: sitting.message.place.id });
}

/** The rows of this message's transaction. Only what writes no row comes without one. */
export function work(sitting: Sitting): Work {
  if (!sitting.rows.isTransaction) throw new Error('this desk cannot write');
  // `isTransaction` is exactly what tells the two apart.
  return sitting.rows as Work;
}

/**
 * The job that is meant: by its id, or the only one in one of these states in this place. It is locked: what is read of
 * it from here on is what it is when this transaction ends, so that of two votes at once the second sees the first.
 */
export async function meant(
  sitting: Sitting,
  id: string | null,
  states: readonly JobState[],
  doing: string,
): Promise<Job> {
  const typed = id?.toLowerCase().replace(/^#/, '') ?? (await onlyOpen(sitting, states, doing));
  const job = await readLocked(work(sitting), typed);
  if (job === null) throw new UserError(`there is no job ${typed}: type jobs`);
  return job;
}

async function onlyOpen(sitting: Sitting, states: readonly JobState[], doing: string): Promise<string> {
  const open = await openJobsIn(sitting.rows, sitting.message.place.id, states);
  const [only] = open;
  if (only === undefined) throw new UserError(`nothing here to ${doing}: jobs lists what there is elsewhere`);
  if (open.length > 1) throw new UserError(`which one? type ${doing} ${open.map((job) => job.id).join(' or ')}`);
  return only.id;
}

export function commandOf(sitting: Sitting, job: Job): Registered {
  const known = sitting.registry.commands.find(({ name }) => name === job.command);
  if (known === undefined)
    throw new UserError(`this version of vigie has no command ${job.command}: restart the older of bot and worker`);
  return known;
}

/** Its approval is for all that it will open. */
export function isStandingJob({ registry }: Sitting, job: Job): boolean {
  return isStanding(job, registry.commands.find(({ name }) => name === job.command)?.command);
}

/** May this person do to a job what asking for it would need. */
export function mayTouch(sitting: Sitting, job: Job): void {
  const { command, name } = commandOf(sitting, job);
  const facts = { name, role: command.role, risk: command.risk, kind: command.kind };
  const decision = authorize(sitting.policy(), {
    account: sitting.message.from.account,
    place: sitting.message.place.id,
    command: facts,
    cloud: job.cloud,
  });
  if (decision.verdict === 'refuse') throw new UserError(decision.because);
}
