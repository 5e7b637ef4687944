import { z } from 'zod';
import type { StepContext } from '../command.ts';
import { done, gone, type Outcome, unproven } from '../outcome.ts';
import { count } from '../words.ts';
import { bytes } from './doubt.ts';
import type { Backup } from './ledger.ts';
import { excess } from './retention.ts';

export const KeepInput = z.object({ servers: z.array(z.string()), keep: z.number().int().min(1) });

/** Only where something was proven anew: a row of failures never eats what is left. */
export async function removeOlder(
  { servers, keep }: z.output<typeof KeepInput>,
  context: StepContext,
): Promise<Outcome> {
  const { ended, backups, cloud } = context;
  const { dumps } = cloud.databases;
  const proven = servers.filter((server) =>
    ended.some(({ key, state }) => key === `prove:${server}` && state === 'done'),
  );
  if (proven.length === 0) return gone('nothing was proven anew, so nothing is removed');
  const removed: Backup[] = [];
  const unseen: string[] = [];
  for (const server of proven) {
    for (const old of excess(await backups.list(server), keep)) {
      const there = await dumps.look(old);
      if (typeof there === 'object') unseen.push(there.unseen);
      else {
        await dumps.remove(old.path);
        await backups.removed(old.name);
        removed.push(old);
      }
    }
  }
  const freed = removed.reduce((sum, { facts }) => sum + facts.bytes, 0);
  if (unseen.length > 0) return unproven(`this worker cannot remove ${count(unseen.length, 'old file')}: ${unseen[0]}`);
  return removed.length === 0
    ? gone('none is too old')
    : done(`${count(removed.length, 'file')} removed, ${bytes(freed)}`);
}
