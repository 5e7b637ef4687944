import { type Report, say } from '../../chat/report.ts';
import type { PlanContext } from '../command.ts';
import { count } from '../words.ts';
import type { Backup } from './ledger.ts';
import { keyBlocks, rowOf } from './words.ts';

export async function listReport({ cloud, backups }: PlanContext): Promise<Report> {
  const all = await backups.list();
  if (all.length === 0) return say(`nothing of ${cloud.name} was dumped yet`);
  const proven = all.filter(({ state }) => state === 'proven').length;
  return {
    title: `${count(all.length, 'dump')} of ${cloud.name}, ${proven} proven`,
    tone: proven === 0 ? 'warn' : 'plain',
    blocks: [
      {
        kind: 'table',
        columns: ['NAME', 'SERVER', 'DUMPED', 'SIZE', 'RESTORES IN', 'WHERE', 'STATE'],
        rows: all.map(rowOf),
      },
      ...keyBlocks(newest(all).map(({ facts }) => facts)),
    ],
  };
}

/** Of each server the first in the list. */
function newest(all: readonly Backup[]): Backup[] {
  return all.filter(({ server }, index) => all.findIndex((one) => one.server === server) === index);
}
