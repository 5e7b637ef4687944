import { UserError } from '../../chat/user-error.ts';
import type { Server, Service } from '../../openstack/cloud.ts';
import type { PlanContext } from '../command.ts';
import type { PlanDraft, PlannedStep, PlanRow } from '../plan.ts';
import { resolveHost, resolveServer } from '../resolve.ts';
import { opensAt } from '../window.ts';
import { moment } from '../words.ts';
import { type Judged, judge, type ServerFacts, type Surroundings } from './judge.ts';
import type { MoveInput } from './move-intent.ts';
import { groupsOf, readFacts } from './server-facts.ts';
import { isTaking, mustBeVirtual, reachableServices, requireAdmin } from './survey.ts';

export interface MigrateWish {
  readonly server: string;
  readonly to: string | undefined;
  /** How it must move; null lets its state decide. */
  readonly how: 'live' | 'block' | 'cold' | null;
  /** Why its owner's wishes do not bind; null where nobody said so. */
  readonly ignoreWishes: string | null;
}

type Draft = PlanDraft & { steps: (PlannedStep & { step: 'move' })[] };

/** `migrate S`: one server, to a host of Nova's choice or to one that is named; nothing else is touched. */
export async function migratePlan(wish: MigrateWish, context: PlanContext): Promise<Draft> {
  const { cloud } = context;
  await requireAdmin(cloud);
  const server = await resolveServer(cloud, wish.server);
  const from = server.host;
  if (from === null) throw new UserError(`${server.name} is on no host (${server.status}): there is nothing to move`);
  await mustBeVirtual(from, cloud);
  const others = await destinations(wish, server, context);
  const block = wish.how === 'block' ? true : wish.how === 'live' ? false : 'auto';
  const groups = await groupsOf([server], await cloud.serverGroups(), cloud);
  const around: Surroundings = { host: from, others, block, ...groups };
  const { facts } = await readFacts([server], wish.ignoreWishes === null, context);
  const [found] = facts;
  if (found === undefined) throw new UserError(`${server.name} could not be read: say it again`);
  const judged = fitting(wish, found, judge(found, around));
  const input = inputOf({ server, from, judged, around }, wish, found);
  const label = `move ${server.name} ${judged.how ?? 'live'}${wish.to === undefined ? '' : ` to ${wish.to}`}`;
  return {
    title: `${label}, now on ${from}`,
    rows: [rowOf(judged, found, context.now)],
    stages: [{ name: 'move', onFailure: 'continue' }],
    steps: [{ key: `move:${server.id}`, step: 'move', input, stage: 'move', label }],
    claims: [`server:${cloud.name}/${server.id}`],
    votes: { extra: wish.ignoreWishes === null ? 0 : 1, least: 0 },
  };
}

/** The host that was named, fit to take it; else every other one that is up and enabled. */
async function destinations({ to, how }: MigrateWish, server: Server, { cloud }: PlanContext): Promise<Service[]> {
  const services = await reachableServices(cloud);
  if (to === undefined) return services.filter((one) => one.host !== server.host && isTaking(one));
  const named = await resolveHost(cloud, to);
  if (named.host === server.host) throw new UserError(`${server.name} is on ${to} already`);
  if (!isTaking(named))
    throw new UserError(
      `${to} is ${named.status} and ${named.state}: it takes no servers; leave --to out, and Nova chooses`,
    );
  const { minor } = (await cloud.about()).computeVersion;
  const needed = how === 'cold' || server.status === 'SHUTOFF' ? 56 : 30;
  if (minor < needed)
    throw new UserError(
      `${cloud.name} speaks 2.${minor}: before 2.${needed} Nova would not ask its scheduler about ${to}; leave --to out`,
    );
  return [named];
}

/** What stands in the way is said before anything is planned: there is only this one server. */
function fitting({ how, to }: MigrateWish, { server, hardware }: ServerFacts, judged: Judged): Judged {
  const cold = how === 'cold' && server.status === 'ACTIVE';
  // Moved cold it does not matter what Nova refuses to move live.
  const { refusal } = hardware;
  const onlyLive = cold && refusal !== null && hardware.cold === null && judged.why.startsWith(refusal);
  if ((judged.verdict === 'blocked' || judged.verdict === 'ask' || judged.verdict === 'skip') && !onlyLive)
    throw new UserError(`${server.name} cannot be moved${to === undefined ? '' : ` to ${to}`}: ${judged.why}`);
  if ((how === 'live' || how === 'block') && judged.how === 'cold' && !judged.interrupts)
    throw new UserError(`${server.name} is ${server.status}: it can only be moved cold; leave --${how} out`);
  if (how === 'cold' && server.status === 'PAUSED')
    throw new UserError(`${server.name} is PAUSED: Nova moves it only live; leave --cold out`);
  if (!cold) return judged;
  const why = [judged.why, 'its guest is shut down for it and started again'].filter((part) => part !== '').join('; ');
  return { verdict: 'cold', weight: 4, how: 'cold', interrupts: true, why };
}

interface Moving {
  readonly server: Server;
  readonly from: NonNullable<Server['host']>;
  readonly judged: Judged;
  readonly around: Surroundings;
}

function inputOf({ server, from, judged, around }: Moving, { to }: MigrateWish, { wish }: ServerFacts): MoveInput {
  const [named] = around.others;
  return {
    server: server.id,
    from,
    how: judged.how ?? 'live',
    block: around.block,
    ...(judged.interrupts && { interrupts: true as const }),
    ...(wish?.binds === true && wish.window !== null && { window: wish.window.words }),
    ...(to !== undefined && named !== undefined && { to: named.host }),
  };
}

function rowOf({ verdict, weight, why }: Judged, { server: { id, name }, wish }: ServerFacts, now: Date): PlanRow {
  const opens = wish?.binds === true && wish.window !== null ? opensAt(wish.window, now) : null;
  const waits = opens === null ? '' : `begins ${moment(opens)}`;
  const said = [why, waits].filter((part) => part !== '').join('; ');
  return { key: `move:${id}`, verdict, weight, label: name, why: said };
}
