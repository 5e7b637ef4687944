import { type Report, say } from '../chat/report.ts';
import { UserError } from '../chat/user-error.ts';
import { type WorkerSeen, workersSeen } from '../jobs/workers.ts';
import { knownClouds } from './clouds.ts';
import type { Sitting } from './desk.ts';
import { record, work } from './person.ts';

/** Each cloud with its workers, from rows: it answers while the cloud does not. */
export async function listClouds(sitting: Sitting): Promise<Report> {
  const workers = await workersSeen(sitting.rows);
  const known = await knownClouds(sitting.rows, sitting.policy());
  const hash = sitting.policy().hash;
  const rows = known.flatMap((cloud) => {
    const mine = workers.filter((worker) => worker.cloud === cloud);
    if (mine.length === 0) return [[cloud, 'no worker was seen', '', '', '']];
    return mine.map((worker) => [
      cloud,
      worker.name,
      stateOf(worker, hash),
      worker.version,
      ago(worker.lastSeen, sitting.message.at),
    ]);
  });
  const serving = new Set(workers.filter((worker) => worker.alive).map((worker) => worker.cloud));
  const deaf = known.filter((cloud) => !serving.has(cloud));
  const title =
    deaf.length === 0
      ? `${known.length} ${known.length === 1 ? 'cloud' : 'clouds'}`
      : `nobody serves ${deaf.join(', ')}`;
  const freezes = await sitting.rows.selectFrom('freeze').selectAll().execute();
  const frozen = freezes.map((one) => ({
    kind: 'text' as const,
    text: `${one.cloud === '*' ? 'all clouds are' : `${one.cloud} is`} frozen by ${one.human}: ${one.reason}`,
  }));
  return {
    title,
    tone: deaf.length === 0 ? 'plain' : 'warn',
    blocks: [...frozen, { kind: 'table', columns: ['cloud', 'worker', 'state', 'version', 'seen'], rows }],
  };
}

function stateOf(worker: WorkerSeen, hash: string): string {
  if (!worker.alive) return worker.problem ?? 'gone';
  if (worker.policyHash !== hash) return 'another policy: changes are refused';
  return worker.problem ?? worker.about ?? 'alive';
}

export function ago(then: Date, now: Date): string {
  const seconds = Math.max(0, Math.round((now.getTime() - then.getTime()) / 1000));
  if (seconds < 90) return `${seconds} s ago`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min ago`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h ago` : `${Math.round(seconds / 86_400)} d ago`;
}

/** A credential that was refused at login is not tried again until its file changes or somebody says so: here. */
export async function trustCredential(sitting: Sitting, cloud: string): Promise<Report> {
  const rows = work(sitting);
  const removed = await rows.deleteFrom('credential').where('cloud', '=', cloud).executeTakeFirst();
  if (removed.numDeletedRows === 0n)
    throw new UserError(`no credential of ${cloud} is held back: clouds says how each is`);
  record(sitting, { kind: 'credential', detail: { cloud } });
  return say(`the credential of ${cloud} is tried again at the next command`);
}
