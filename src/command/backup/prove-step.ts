import { z } from 'zod';
import type { Proof } from '../../openstack/cloud.ts';
import type { StepContext } from '../command.ts';
import { blocked, done, failed, type Outcome, unproven } from '../outcome.ts';
import { count } from '../words.ts';
import { dumpedOf, Told } from './dump-step.ts';
import { follow } from './follow.ts';
import type { Backup } from './ledger.ts';
import { restoreWords } from './words.ts';

/** `name` null: what this job itself dumped of the server. */
export const ProveInput = z.object({ server: z.string(), name: z.string().nullable() });

/** What the report needs of a proof. */
export const Proven = Told.extend({ restoreSeconds: z.number(), said: z.array(z.string()) });
export type Proven = z.output<typeof Proven>;

export async function proveBackup(
  { server, name }: z.output<typeof ProveInput>,
  context: StepContext,
): Promise<Outcome> {
  const wanted = name ?? dumpedOf(context.ended, server)?.name ?? null;
  if (wanted === null) return blocked('there is no dump to prove');
  const backup = await context.backups.find(wanted);
  if (backup === null) return failed(`${wanted} is gone`);
  const { path, facts } = backup;
  const { dumps } = context.cloud.databases;
  const proof = await follow(dumps.prove({ path, facts, signal: context.signal }), context, facts.rawBytes);
  const told: Told = { name: wanted, keys: facts.keys };
  if (proof === null) return unproven('stopped before its end', told);
  await keepVerdict(backup, proof, context);
  if (proof.verdict !== 'proven') return (proof.verdict === 'failed' ? failed : unproven)(proof.why, told);
  const { restoreSeconds, tables, rows, said } = proof;
  return done(
    `restored in ${restoreWords(restoreSeconds)}: ${count(tables, 'table')}, ${count(rows, 'row')}, all there`,
    { ...told, restoreSeconds, said: [...said] } satisfies Proven,
  );
}

/** What was proven or refused stays so where a later try could not be made: nothing new is known of it. */
async function keepVerdict({ name, state }: Backup, proof: Proof, { backups }: StepContext): Promise<void> {
  if (proof.verdict === 'proven') return backups.tried(name, { state: 'proven', restoreSeconds: proof.restoreSeconds });
  if (proof.verdict === 'unproven' && state !== 'unproven') return;
  return backups.tried(name, { state: proof.verdict, why: proof.why });
}
