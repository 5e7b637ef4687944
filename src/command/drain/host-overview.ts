import { type Block, type Report, say } from '../../chat/report.ts';
import type { CloudReader, Migration, Server, Service } from '../../openstack/cloud.ts';
import type { ClaimingJob, PlanContext } from '../command.ts';
import { resolveHost } from '../resolve.ts';
import { age, count, cut, moment } from '../words.ts';
import { type HostLease, hostLease, isOurs, stateOf } from './host-lease.ts';
import { underway } from './move-view.ts';
import { standing } from './standing.ts';
import { all, unique } from './survey.ts';

/** `maintenance H status`: whose it is, what is left, what moves just now. */
export async function hostStatus(name: string, { cloud, leases, now, jobOn }: PlanContext): Promise<Report> {
  const service = await resolveHost(cloud, name);
  const { host } = service;
  const [servers, deleted, migrations, found, job] = await Promise.all([
    all(cloud.servers({ host })),
    all(cloud.servers({ host, softDeleted: true })),
    cloud.migrations({ host }),
    leases.find('host', host),
    jobOn(`host:${cloud.name}/${host}`),
  ]);
  const held = job === null || job.state === 'awaiting' ? null : job;
  const lease = hostLease(found);
  const left = unique([...servers, ...deleted]);
  const moving = migrations.filter(({ status }) => underway(status) || status === 'finished');
  const unseen = service.status === 'unknown';
  const there = unseen
    ? 'its cell is unreachable, its servers cannot be seen'
    : `${count(left.length, 'server')} on it`;
  return {
    title: `${host}: ${lease === null ? 'no maintenance of vigie' : 'in maintenance'}, ${there}`,
    tone: unseen ? 'warn' : 'plain',
    blocks: [
      { kind: 'fields', fields: fieldsOf(service, lease, held, now) },
      ...serverTable(left),
      ...migrationTable(moving),
    ],
    ...repliesOf(lease, held, cloud.name),
    footer: cloud.name,
  };
}

/** `off` is refused while a job works on the host. */
function repliesOf(lease: HostLease | null, held: ClaimingJob | null, cloud: string): Pick<Report, 'replies'> {
  if (held !== null) return { replies: [{ label: 'Cancel', line: `cancel ${held.id}` }] };
  if (lease === null) return {};
  return { replies: [{ label: 'End it', line: `maintenance ${lease.subject} off --cloud ${cloud}` }] };
}

function fieldsOf(service: Service, lease: HostLease | null, held: ClaimingJob | null, now: Date): [string, string][] {
  const fields: [string, string][] = [['service', stateOf(service)]];
  if (held !== null)
    fields.push([
      held.state === 'running' ? 'running' : 'about to begin',
      `${held.line} (${held.id}, by ${held.human})`,
    ]);
  if (lease === null) return fields;
  fields.push(['by', `${lease.owner}, ${age(lease.since, now)} ago (${lease.job})`], ['reason', lease.reason]);
  fields.push([
    'until',
    lease.until === null ? 'no end' : `${moment(lease.until)}${lease.until < now ? ' (over)' : ''}`,
  ]);
  // Its drain writes at its end who went where.
  if (held?.id !== lease.job) fields.push(['moved away', count(lease.detail.moved.length, 'server')]);
  if (!isOurs(service, lease))
    fields.push(['note', 'the service is not as vigie left it, or was left to another hand']);
  return fields;
}

function serverTable(servers: readonly Server[]): Block[] {
  if (servers.length === 0) return [];
  const rows = servers.map((server) => [
    server.name,
    server.id,
    server.status,
    server.taskState ?? '-',
    standing(server).verdict,
    standing(server).why,
  ]);
  return [{ kind: 'table', columns: ['server', 'id', 'status', 'task', 'a drain would', ''], rows }];
}

function migrationTable(migrations: readonly Migration[]): Block[] {
  if (migrations.length === 0) return [];
  const rows = migrations.map(({ id, server, status, source, destination, type }) => [
    String(id),
    server,
    type,
    status,
    `${source ?? '?'} → ${destination ?? '?'}`,
  ]);
  return [{ kind: 'table', columns: ['migration', 'server', 'type', 'status', ''], rows }];
}

/** `maintenance`, `maintenance list`: every disabled host, ours and others', with who, why, how long, what is left. */
export async function maintenances({ cloud, leases, now }: PlanContext): Promise<Report> {
  const computes = await cloud.services({ binary: 'nova-compute' });
  const held = new Map((await leases.list('host')).map((lease) => [lease.subject, lease]));
  const listed = computes.filter(({ host, status }) => status === 'disabled' || held.has(host));
  if (listed.length === 0) return say(`${cloud.name}: no host is disabled or in maintenance`);
  const rows: string[][] = [];
  for (const service of listed)
    rows.push(await overviewRow(service, hostLease(held.get(service.host) ?? null), { cloud, now }));
  const columns = ['host', 'state', 'by', 'since', 'until', 'left', 'reason'];
  return {
    title: `${cloud.name}: ${count(rows.length, 'host')} disabled or in maintenance`,
    tone: 'plain',
    blocks: [{ kind: 'table', columns, rows }],
    footer: cloud.name,
  };
}

async function overviewRow(
  service: Service,
  lease: HostLease | null,
  { cloud, now }: { cloud: CloudReader; now: Date },
): Promise<string[]> {
  const left = (await all(cloud.servers({ host: service.host }))).length;
  const until = lease?.until ?? null;
  return [
    service.host,
    `${service.status}, ${service.state}`,
    lease?.owner ?? 'another hand',
    lease === null ? '-' : age(lease.since, now),
    until === null ? '-' : `${moment(until)}${until < now ? ' (over)' : ''}`,
    service.status === 'unknown' ? 'cell unreachable' : String(left),
    cut(service.disabledReason ?? lease?.reason ?? '', 80),
  ];
}
