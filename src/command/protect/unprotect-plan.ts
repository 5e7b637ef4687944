import { UserError } from '../../chat/user-error.ts';
import type { InstanceRow, Server } from '../../openstack/cloud.ts';
import { ServerId } from '../../openstack/names.ts';
import type { PlanContext } from '../command.ts';
import type { Plan, PlanDraft, PlannedStep } from '../plan.ts';
import { isOurLock, leaseWords, type ServerLease, serverLease } from '../protection.ts';
import { resolveServer } from '../resolve.ts';

interface Wish {
  readonly server: string;
  readonly adopt: boolean;
}

interface Seen {
  readonly id: ServerId;
  readonly name: string;
  /** Null once it is deleted. */
  readonly server: Server | null;
  readonly row: InstanceRow | null;
  readonly lease: ServerLease | null;
}

type Row = Plan['rows'][number];
type Act = PlannedStep & { step: 'unlock' | 'unflag' | 'forget' };
type Draft = PlanDraft & { steps: Act[] };

/** Undoes what vigie did and nothing else: a flag or a lock that was there before stays, unless `--adopt`. */
export async function unprotectPlan(wish: Wish, context: PlanContext): Promise<Draft> {
  const seen = await look(wish, context);
  refuseWhatIsNotOurs(seen, wish, context);
  const { id, name } = seen;
  const rows = [lockRow(seen), flagRow(seen, wish), recordRow(seen)].filter((row) => row !== null);
  const acts = new Set(rows.filter(({ weight }) => weight > 0).map(({ key }) => key.split(':')[0]));
  const ours = seen.lease?.detail.lock?.ours ?? '';
  const all: Act[] = [
    {
      key: `unlock:${id}`,
      step: 'unlock',
      input: { server: id, reason: ours },
      stage: 'unprotect',
      label: `unlock ${name}`,
    },
    {
      key: `unflag:${id}`,
      step: 'unflag',
      input: { server: id },
      stage: 'unprotect',
      label: `clear disable_terminate of ${name}`,
    },
    { key: `forget:${id}`, step: 'forget', input: { server: id }, stage: 'record', label: 'end the record' },
  ];
  return {
    title: `unprotect ${name}`,
    blocks: [{ kind: 'fields', fields: facts(seen) }],
    rows,
    stages: [{ name: 'unprotect' }, { name: 'record' }],
    steps: all.filter(({ key }) => acts.has(key.split(':')[0])),
    claims: [`server:${context.cloud.name}/${id}`],
  };
}

async function look({ server: reference }: Wish, context: PlanContext): Promise<Seen> {
  const found = await resolveServer(context.cloud, reference).catch((error: unknown) => {
    if (error instanceof UserError) return error;
    throw error;
  });
  if (found instanceof UserError) return deletedServer(reference, found, context);
  return {
    id: found.id,
    name: found.name,
    server: found,
    row: await context.cloud.databases.instance(found.id),
    lease: serverLease(await context.leases.find('server', found.id)),
  };
}

/** A server that its project's end, or a database by hand, has deleted leaves a record: that can still be ended. */
async function deletedServer(reference: string, refusal: UserError, { leases }: PlanContext): Promise<Seen> {
  const known = (await leases.list('server')).map(serverLease).filter((lease) => lease !== null);
  const typed = reference.toLowerCase();
  const matching = known.filter(
    ({ subject, detail }) => (typed.length >= 4 && subject.startsWith(typed)) || detail.name === reference,
  );
  const [lease] = matching;
  if (lease === undefined || matching.length > 1) throw refusal;
  return { id: ServerId.parse(lease.subject), name: lease.detail.name, server: null, row: null, lease };
}

function refuseWhatIsNotOurs({ id, name, row, lease, server }: Seen, { adopt }: Wish, { by }: PlanContext): void {
  if (lease === null && row?.disableTerminate !== true) {
    const locked =
      server?.locked === true ? `; it is locked (${server.lockedReason ?? 'no reason'}), not by vigie` : '';
    throw new UserError(`${name} is not protected: its flag is off and vigie has no record${locked}`);
  }
  if (adopt || server === null) return;
  const again = `\`unprotect ${id} --adopt\` ends it all the same`;
  if (lease === null) throw new UserError(`${name} was protected by another hand (vigie has no record): ${again}`);
  if (lease.owner !== by.human) throw new UserError(`${name} is ${leaseWords(lease)}, not by you: ${again}`);
}

function flagRow({ id, name, row, lease, server }: Seen, { adopt }: Wish): Row | null {
  const one = { key: `unflag:${id}`, label: name };
  if (server === null || row === null) return null;
  if (!row.disableTerminate)
    return { ...one, verdict: 'off already', weight: 0, why: 'the flag was cleared by another hand' };
  if (lease?.detail.flagBefore === true && !adopt) {
    return {
      ...one,
      verdict: 'flag stays',
      weight: 0,
      why: `it was set before vigie came; \`unprotect ${id} --adopt\` clears it too`,
    };
  }
  return { ...one, verdict: 'clear the flag', weight: 2, why: 'whoever may delete it can do so again' };
}

function lockRow({ id, name, server, lease }: Seen): Row | null {
  const one = { key: `unlock:${id}`, label: name };
  if (server === null || lease?.detail.lock?.ours == null) return null;
  if (isOurLock(server, lease)) return { ...one, verdict: 'unlock', weight: 1, why: 'the lock is vigie’s own' };
  const why =
    server.locked === true
      ? `it is locked with another reason now: ${server.lockedReason ?? 'none'}`
      : 'it is not locked any more';
  return { ...one, verdict: 'lock left alone', weight: 0, why };
}

function recordRow({ id, name, lease, server }: Seen): Row | null {
  if (lease === null) return null;
  return {
    key: `forget:${id}`,
    label: name,
    verdict: 'end the record',
    weight: 1,
    why: server === null ? 'the server is gone' : leaseWords(lease),
  };
}

function facts({ id, name, server, row }: Seen): [string, string][] {
  return [
    ['server', `${name}  ${id}  ${server?.status ?? 'deleted'}`],
    ['project', server?.project ?? 'unknown'],
    ['host', server?.host ?? 'none'],
    ['flag now', row === null ? 'no living row' : row.disableTerminate ? 'set' : 'not set'],
  ];
}
