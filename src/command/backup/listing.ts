import { type Report, say } from '../../chat/report.ts';
import type { PlanContext } from '../command.ts';
import { count } from '../words.ts';
import { rowOf } from './words.ts';

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
    ],
  };
}
