import { z } from 'zod';
import { UserError } from '../../chat/user-error.ts';
import type { EndedStep, StepContext } from '../command.ts';
import { blocked, done, failed, type Outcome } from '../outcome.ts';
import { duration } from '../words.ts';
import { bytes, doubtOf } from './doubt.ts';
import { follow } from './follow.ts';

export const DumpInput = z.object({ server: z.string(), databases: z.array(z.string()), expected: z.number() });
/** `name` null: what this job itself dumped of the server. */
export const CopyInput = z.object({ server: z.string(), name: z.string().nullable() });

/** What every report tells of a dump, whatever became of it. */
export const Told = z.object({
  name: z.string(),
  keys: z.object({ fernet: z.string().nullable(), credential: z.string().nullable() }),
});
export type Told = z.output<typeof Told>;
/** What the steps after it, and the report, need of a dump. */
export const Dumped = Told.extend({ path: z.string(), bytes: z.number() });
export type Dumped = z.output<typeof Dumped>;

export async function dumpServer(input: z.output<typeof DumpInput>, context: StepContext): Promise<Outcome> {
  const { server, databases, expected } = input;
  const { cloud, job, signal, startedAt, backups } = context;
  const order = { name: server, databases, job: job.id, human: job.human, signal, began: startedAt };
  const made = await follow(cloud.databases.dumps.dump(order), context, expected);
  if (made === null) return blocked('stopped: nothing is left of it');
  const { path, facts } = made;
  const doubt = doubtOf(facts.databases, await backups.list(server));
  await backups.written({ path, facts, state: doubt === null ? 'unproven' : 'failed', why: doubt ?? 'not tried yet' });
  const output: Dumped = { name: facts.name, path, bytes: facts.bytes, keys: facts.keys };
  if (doubt !== null) return failed(`refused: ${doubt}`, output);
  return done(
    `${bytes(facts.rawBytes)}, ${bytes(facts.bytes)} on the disk, in ${duration(facts.seconds * 1000)}`,
    output,
  );
}

/** What this job dumped of a server, if that went well. */
export function dumpedOf(ended: readonly EndedStep[], server: string): Dumped | null {
  const dump = ended.find(({ key }) => key === `dump:${server}`);
  return dump?.state === 'done' ? (Dumped.safeParse(dump.output).data ?? null) : null;
}

export async function copyDump(input: z.output<typeof CopyInput>, context: StepContext): Promise<Outcome> {
  const name = input.name ?? dumpedOf(context.ended, input.server)?.name ?? null;
  const backup = name === null ? null : await context.backups.find(name);
  if (backup === null) return blocked('there is no dump to copy');
  try {
    const where = await context.cloud.databases.dumps.copy({ ...backup, signal: context.signal });
    return where === null ? blocked('clouds.yaml names no place for copies any more') : done(`${where}, read back`);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return failed(error.message);
  }
}
