import { text } from '../../chat/report.ts';
import { UserError } from '../../chat/user-error.ts';
import type { Server, Service } from '../../openstack/cloud.ts';
import { type Until, untilDate } from '../args.ts';
import type { PlanContext } from '../command.ts';
import { hooksNamed, workNamed } from '../drain/hook.ts';
import { hostLease } from '../drain/host-lease.ts';
import { inBatches } from '../drain/server-facts.ts';
import type { Spares } from '../drain/spare.ts';
import { all, reachableServices, requireAdmin } from '../drain/survey.ts';
import type { PlanDraft, PlannedStep, PlanRow } from '../plan.ts';
import { count, list, moment, size } from '../words.ts';
import { type CampaignBounds, frameOf } from './bounds.ts';
import { forecastWords, readForecast } from './forecast.ts';
import { campaignHosts } from './hosts.ts';

export interface CampaignWish {
  readonly set: string;
  readonly except: readonly string[];
  readonly maxUnavailable: number;
  readonly canary: number;
  readonly window: string | null;
  /** Null: until the last host is done. */
  readonly until: Until | null;
  /** Servers of a host at most; null where the plan chooses. */
  readonly max: number | null;
  readonly reason: string;
  readonly hooks: readonly string[];
  readonly work: string | null;
}

/** The bounds as they would be approved, and one row for each host. Nothing of a host is planned yet: each is planned when its turn comes. */
export async function campaignPlan(
  wish: CampaignWish,
  context: PlanContext,
): Promise<PlanDraft & { steps: (PlannedStep & { step: 'campaign' })[] }> {
  const { cloud } = context;
  await requireAdmin(cloud);
  const services = await reachableServices(cloud);
  const computes = services.filter(({ binary }) => binary === 'nova-compute');
  const hosts = await campaignHosts(wish.set, wish.except, { cloud, computes });
  fits(wish, hosts, context.closedPerZone);
  await free(hosts, context);
  const servers = await inBatches(hosts, ({ host }) => all(cloud.servers({ host })));
  const spares = await readForecast(hosts, wish.maxUnavailable, { cloud, services });
  const bounds = boundsOf(wish, hosts, Math.max(0, ...servers.map((here) => here.length)), context);
  const ahead = forecastWords(hosts, spares, wish.maxUnavailable);
  const step = { key: 'campaign', step: 'campaign' as const, stage: 'campaign', input: bounds };
  return {
    title: `campaign over ${wish.set}: ${count(hosts.length, 'host')}, ${wish.maxUnavailable} at a time`,
    blocks: [{ kind: 'fields', fields: [...fieldsOf(bounds), ['N-1', ahead]] }, ...remarks.map(text)],
    rows: hosts.map(({ host }, at) => rowOf(host, { servers: servers[at], spares: spares[at] }, at < wish.canary)),
    stages: [{ name: 'campaign' }],
    steps: [{ ...step, label: `work through ${count(hosts.length, 'host')}` }],
    size: hosts.length,
  };
}

function fits({ maxUnavailable, canary }: CampaignWish, hosts: readonly Service[], perZone: number | null): void {
  const [only] = hosts;
  if (hosts.length === 1) throw new UserError(`${only?.host} alone is no campaign: \`maintenance ${only?.host}\``);
  if (maxUnavailable >= hosts.length)
    throw new UserError(
      `--max-unavailable ${maxUnavailable} would close all ${hosts.length} hosts at once: ${hosts.length - 1} at most`,
    );
  if (canary > hosts.length)
    throw new UserError(`--canary ${canary} is more than there are hosts: ${hosts.length} at most`);
  const zones = new Set(hosts.map(({ zone }) => zone)).size;
  if (perZone !== null && maxUnavailable > perZone * zones)
    throw new UserError(
      `the policy lets ${count(perZone, 'host')} of a zone be closed at once: --max-unavailable ${perZone * zones} at most`,
    );
}

/** Each is up, open and nobody else's: what is known to stand in the way is said before anybody is asked. */
async function free(hosts: readonly Service[], context: PlanContext): Promise<void> {
  const found = await inBatches(hosts, async (service) => ({ service, trouble: await troubleOf(service, context) }));
  const troubled = found.filter(({ trouble }) => trouble !== null);
  if (troubled.length === 0) return;
  const said = troubled.map(({ service: { host }, trouble }) => `${host} ${trouble}`);
  const names = troubled.map(({ service: { host } }) => host);
  throw new UserError(`${list(said, 8)}: end that first, or leave out with --except ${names.join(',')}`);
}

async function troubleOf(service: Service, { cloud, campaigns, leases, holder }: PlanContext): Promise<string | null> {
  const { host } = service;
  const campaign = await campaigns.of(host);
  if (campaign !== null) return `is in campaign ${campaign}`;
  const held = await holder(`host:${cloud.name}/${host}`);
  if (held !== null) return `is held by ${held}`;
  const lease = hostLease(await leases.find('host', host));
  if (lease !== null) return `is closed already (${lease.owner}: ${lease.reason}, ${lease.job})`;
  if (service.state === 'down') return 'is down';
  return service.status === 'enabled' ? null : `is disabled (${service.disabledReason ?? 'no reason'})`;
}

/** Hosts fill up meanwhile: half as many more than today's fullest, ten at least. */
function roomToGrow(most: number): number {
  return Math.max(10, Math.ceil(most * 1.5));
}

function boundsOf(
  wish: CampaignWish,
  hosts: readonly Service[],
  most: number,
  { cloud, now }: PlanContext,
): CampaignBounds {
  const { hooks } = cloud.settings;
  if (wish.max !== null && wish.max < most)
    throw new UserError(`one of its hosts has ${count(most, 'server')} today, more than --max ${wish.max}`);
  const names = hosts.map(({ host }) => host);
  return {
    ...frameOf(cloud.name, names),
    cloud: cloud.name,
    hosts: names,
    maxUnavailable: wish.maxUnavailable,
    canary: wish.canary,
    window: wish.window,
    until: wish.until === null ? null : untilDate(wish.until, now).toISOString(),
    servers: wish.max ?? roomToGrow(most),
    reason: wish.reason,
    hooks: wish.hooks.length === 0 ? [] : checked(hooksNamed(hooks, wish.hooks), wish.hooks),
    work: wish.work === null ? null : workNamed(hooks, wish.work),
  };
}

/** Those that always run are in every maintenance anyway: the line names only what was named. */
function checked(known: readonly string[], named: readonly string[]): string[] {
  return known.filter((name) => named.includes(name));
}

interface Today {
  readonly servers: readonly Server[] | undefined;
  readonly spares: Spares | undefined;
}

function rowOf(host: string, { servers = [], spares }: Today, isCanary: boolean): PlanRow {
  const memory = servers.reduce((sum, { flavor }) => sum + (flavor.ramMb ?? 0), 0);
  const on = servers.length === 0 ? 'no server today' : `${count(servers.length, 'server')}, ${size(memory)} today`;
  const verdict = isCanary ? 'canary' : 'in turn';
  const lacks = (spares?.all ?? []).filter(({ holds }) => !holds).map(({ words }) => `; N-1 does not hold: ${words}`);
  return { key: `host:${host}`, verdict, weight: 2, label: host, why: on + lacks.join('') };
}

export function fieldsOf(bounds: CampaignBounds): [string, string][] {
  const { window, until, maxUnavailable, hosts, canary, servers, work, hooks } = bounds;
  return [
    ['closes hosts', window === null ? 'at any time' : `${window}, every day`],
    ['at once', `${maxUnavailable} of ${hosts.length} out of service at most`],
    [
      'canary',
      canary === 0
        ? 'none'
        : `the first ${canary === 1 ? 'one' : canary} alone, until ${canary === 1 ? 'it is' : 'they are'} done`,
    ],
    ['each host', `maintenance HOST: at most ${count(servers, 'server')}, moved live, stopped ones cold`],
    ['the work', work === null ? 'a person says when it is done: campaign done HOST' : `${work}, on the worker`],
    ...(hooks.length === 0 ? [] : [['hooks', hooks.join(', ')] satisfies [string, string]]),
    ['approved until', until === null ? 'the last host is done' : moment(new Date(until))],
  ];
}

const remarks: readonly string[] = [
  'Approved once for every host within these bounds. What is outside them (a server that cannot be moved, a resize that waits, more servers) asks when it comes.',
  'Looked at anew before each host: N-1 holds, the others are up, nothing is frozen. What is not right pauses the campaign.',
];
