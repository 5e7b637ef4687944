import { type Report, text } from '../../chat/report.ts';
import { UserError } from '../../chat/user-error.ts';
import type { CloudReader, InstanceRow, Server } from '../../openstack/cloud.ts';
import { OpenStackError } from '../../openstack/errors.ts';
import { ServerId } from '../../openstack/names.ts';
import type { PlanContext } from '../command.ts';
import { isOurLock, type ServerLease, serverLease } from '../protection.ts';
import { count, cut, moment } from '../words.ts';
import { projectNames } from './projects.ts';

/** One protected server as everyone sees it: Nova, its cell's row, and vigie's record. */
interface Protected {
  readonly id: ServerId;
  /** Null once it is deleted. */
  readonly server: Server | null;
  /** Null where the flag could not be read. */
  readonly flag: boolean | null;
  readonly lease: ServerLease | null;
}

const atOnce = 8;

/** `protected`: every record and every flag, and where the two, or the lock, do not agree. */
export async function overview({ cloud, leases, now }: PlanContext): Promise<Report> {
  const records = (await leases.list('server')).map(serverLease).filter((lease) => lease !== null);
  const flagged = await orWhy(() => cloud.databases.protectedInstances());
  const ids = new Set([...records.map(({ subject }) => subject), ...(flagged.value ?? []).map(({ id }) => id)]);
  const all: Protected[] = [];
  for (const some of slices([...ids].sort(), atOnce)) {
    all.push(
      ...(await Promise.all(
        some.map((id) => oneServer(ServerId.parse(id), { cloud, records, flagged: flagged.value })),
      )),
    );
  }
  const projects = await projectNames(cloud);
  const drifting = all.filter((one) => drift(one, now) !== '');
  const unseen = await orWhy(() => cloud.databases.cellsWithoutDsn());
  return {
    title: `${count(all.length, 'protected server')} on ${cloud.name}${drifting.length > 0 ? `, ${drifting.length} with drift` : ''}`,
    tone: drifting.length > 0 || flagged.why !== null ? 'warn' : 'plain',
    blocks: [
      ...(flagged.why === null
        ? []
        : [text(`Flags could not be listed, so only what vigie recorded is shown: ${flagged.why}`)]),
      ...(unseen.value?.length
        ? [text(`Not looked into, for want of a DSN: cell ${unseen.value.join(', cell ')}`)]
        : []),
      ...(all.length === 0 ? [] : [table(all, projects, now)]),
    ],
  };
}

type Known = { cloud: CloudReader; records: readonly ServerLease[]; flagged: readonly InstanceRow[] | null };

async function oneServer(id: ServerId, { cloud, records, flagged }: Known): Promise<Protected> {
  const lease = records.find(({ subject }) => subject === id) ?? null;
  const server = await cloud.server(id).catch((error: unknown) => {
    if (error instanceof OpenStackError && error.problem === 'not-found') return null;
    throw error;
  });
  if (flagged?.some((row) => row.id === id)) return { id, server, flag: true, lease };
  // Not among the flagged is not yet off: its cell may be one we cannot see.
  const row = await orWhy(() => cloud.databases.instance(id));
  return { id, server, flag: row.value?.disableTerminate ?? null, lease };
}

function table(all: readonly Protected[], projects: ReadonlyMap<string, string>, now: Date): Report['blocks'][number] {
  return {
    kind: 'table',
    columns: ['NAME', 'UUID', 'PROJECT', 'HOST', 'OWNER', 'REASON', 'UNTIL', 'LOCK', 'DRIFT'],
    rows: all.map((one) => {
      const { id, server, lease } = one;
      const project = server?.project ?? lease?.detail.project ?? '';
      return [
        server?.name ?? lease?.detail.name ?? '?',
        id,
        projects.get(project) ?? project,
        `${server?.host ?? '-'}${lease?.detail.move ? ' (stays)' : ''}`,
        lease?.owner ?? '-',
        cut(lease?.reason ?? '-', 40),
        lease?.until ? moment(lease.until) : '-',
        lockWords(one),
        drift(one, now) || '-',
      ];
    }),
  };
}

function lockWords({ server, lease }: Protected): string {
  if (server === null || server.locked === null) return '-';
  if (!server.locked) return 'no';
  return isOurLock(server, lease) ? 'by vigie' : `other: ${cut(server.lockedReason ?? 'no reason', 30)}`;
}

/** Where flag, lock and record do not agree; empty where they do. */
function drift({ id, server, flag, lease }: Protected, now: Date): string {
  if (server === null) return `the server is deleted: unprotect ${id} ends the record`;
  if (lease === null) return 'no record: flag set by another hand';
  const found = [
    flag === false ? 'the flag is off' : '',
    flag === null ? 'the flag could not be read' : '',
    lease.detail.lock?.ours != null && !isOurLock(server, lease)
      ? server.locked
        ? 'locked by another hand'
        : 'vigie’s lock is gone'
      : '',
    lease.until !== null && lease.until <= now ? 'its time is over' : '',
  ];
  return found.filter(Boolean).join('; ');
}

/** What could not be asked is told, not fatal: the rest is still worth seeing. */
async function orWhy<T>(ask: () => Promise<T>): Promise<{ value: T | null; why: string | null }> {
  try {
    return { value: await ask(), why: null };
  } catch (error) {
    if (error instanceof UserError || error instanceof OpenStackError) return { value: null, why: error.message };
    throw error;
  }
}

function slices<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
