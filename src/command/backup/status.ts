import { type Report, text } from '../../chat/report.ts';
import type { DumpServer, Presence } from '../../openstack/cloud.ts';
import type { PlanContext } from '../command.ts';
import { age, duration, list } from '../words.ts';
import { bytes } from './doubt.ts';
import type { Backup } from './ledger.ts';
import { keyBlock, lastProven, nothingOf, restoreAllWords, restoreWords, stateWords } from './words.ts';

interface Standing {
  readonly server: DumpServer;
  readonly proven: Backup | null;
  /** The newest dump, whatever became of it. */
  readonly newest: Backup | null;
  /** Of the last proven one. */
  readonly presence: Presence;
}

/** The one question: if the database were gone now, what would we have again, and when? */
export async function statusReport(withinMs: number, { cloud, backups, now }: PlanContext): Promise<Report> {
  const { dumps } = cloud.databases;
  const known = await backups.list();
  const { keys } = await dumps.place();
  const standings: Standing[] = [];
  for (const server of dumps.servers()) {
    const proven = lastProven(known, server);
    const presence = proven === null ? 'there' : await dumps.look(proven);
    standings.push({ server, proven, newest: known.find((one) => one.server === server.name) ?? null, presence });
  }
  const bad = standings.filter((one) => isBad(one, withinMs, now));
  const unsure =
    keys.fernet === null || keys.credential === null || standings.some(({ presence }) => typeof presence === 'object');
  return {
    title: titleOf(cloud.name, standings, now),
    tone: bad.length > 0 ? 'bad' : unsure ? 'warn' : 'good',
    blocks: [
      {
        kind: 'table',
        columns: ['SERVER', 'LAST PROVEN', 'RESTORES IN', 'SIZE', 'NEWEST DUMP'],
        rows: standings.map((one) => rowOf(one, now)),
      },
      ...bad.map((one) => text(whyBad(one, withinMs))),
      keyBlock(keys),
    ],
    replies: bad.length > 0 ? [{ label: 'Dump and prove now', line: 'backup run' }] : [],
  };
}

/** The oldest of them, and all of them together: a cloud is back when all its servers are. */
function titleOf(cloud: string, standings: readonly Standing[], now: Date): string {
  const none = standings.filter((one) => isLost(one));
  if (none.length > 0) return `${cloud} has no proven backup of ${list(none.map(({ server }) => server.name))}`;
  const all = standings.flatMap(({ proven }) => proven ?? []);
  const [oldest] = all.toSorted((a, b) => a.dumpedAt.getTime() - b.dumpedAt.getTime());
  if (oldest === undefined) return `vigie.backup of ${cloud} names no server`;
  const restores = restoreAllWords(all.map((one) => one.restoreSeconds));
  return `last proven backup ${age(oldest.dumpedAt, now)} ago, restores in ${restores}`;
}

/** There is none, or none any more. */
function isLost({ proven, presence }: Standing): boolean {
  return proven === null || presence === 'gone';
}

function isBad(one: Standing, withinMs: number, now: Date): boolean {
  return one.proven === null || isLost(one) || now.getTime() - one.proven.dumpedAt.getTime() > withinMs;
}

function whyBad({ server, proven, presence, newest }: Standing, withinMs: number): string {
  if (presence === 'gone') return `${proven?.path} is gone: it was the last proven one of ${server.name}`;
  if (proven !== null) return `${server.name}: the last proven one is older than ${duration(withinMs)}`;
  if (newest === null) return `${server.name} was never dumped`;
  return nothingOf(server);
}

function rowOf({ server, proven, newest, presence }: Standing, now: Date): string[] {
  const unseen = typeof presence === 'object' ? `, ${presence.unseen}, not looked at` : '';
  return [
    server.name,
    proven === null ? 'never' : `${age(proven.dumpedAt, now)} ago${unseen}`,
    proven === null ? '-' : restoreWords(proven.restoreSeconds),
    proven === null ? '-' : bytes(proven.facts.bytes),
    newest === null ? 'none' : `${age(newest.dumpedAt, now)} ago, ${stateWords(newest)}`,
  ];
}
