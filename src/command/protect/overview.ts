import { type Report, text } from '../../chat/report.ts';
import type { PlanContext } from '../command.ts';
import { isOurLock } from '../protection.ts';
import { count, cut, moment } from '../words.ts';
import { driftWords } from './drift.ts';
import { orWhy, type Protected, readProtections } from './look.ts';
import { projectNames } from './projects.ts';

/** `protected`: every record and every flag, and where the two, or the lock, do not agree. */
export async function overview({ cloud, leases, now }: PlanContext): Promise<Report> {
  const { all, unlisted } = await readProtections(cloud, leases);
  const projects = await projectNames(cloud);
  const drifting = all.filter((one) => driftWords(one, now) !== '');
  const unseen = await orWhy(() => cloud.databases.cellsWithoutDsn());
  return {
    title: `${count(all.length, 'protected server')} on ${cloud.name}${drifting.length > 0 ? `, ${drifting.length} with drift` : ''}`,
    tone: drifting.length > 0 || unlisted !== null ? 'warn' : 'plain',
    blocks: [
      ...(unlisted === null
        ? []
        : [text(`Flags could not be listed, so only what vigie recorded is shown: ${unlisted}`)]),
      ...(unseen.value?.length
        ? [text(`Not looked into, for want of a DSN: cell ${unseen.value.join(', cell ')}`)]
        : []),
      ...(all.length === 0 ? [] : [table(all, projects, now)]),
    ],
  };
}

function table(all: readonly Protected[], projects: ReadonlyMap<string, string>, now: Date): Report['blocks'][number] {
  return {
    kind: 'table',
    columns: ['NAME', 'UUID', 'PROJECT', 'HOST', 'OWNER', 'REASON', 'UNTIL', 'LOCK', 'DRIFT'],
    rows: all.map((one) => {
      const { id, server, lease, row } = one;
      const project = server?.project ?? lease?.detail.project ?? '';
      return [
        server?.name ?? lease?.detail.name ?? row?.name ?? '?',
        id,
        projects.get(project) ?? project,
        `${server?.host ?? '-'}${lease?.detail.move ? ' (stays)' : ''}`,
        lease?.owner ?? '-',
        cut(lease?.reason ?? '-', 40),
        lease?.until ? moment(lease.until) : '-',
        lockWords(one),
        driftWords(one, now) || '-',
      ];
    }),
  };
}

function lockWords({ server, lease }: Protected): string {
  if (server === null || server.locked === null) return '-';
  if (!server.locked) return 'no';
  return isOurLock(server, lease) ? 'by vigie' : `other: ${cut(server.lockedReason ?? 'no reason', 30)}`;
}
