import { z } from 'zod';
import type { Place } from '../chat/message.ts';
import { CampaignBounds } from '../command/campaign/bounds.ts';
import { cut } from '../command/words.ts';
import type { Rows, Work } from '../mysql/database.ts';
import type { Tables } from '../mysql/tables.ts';
import { type Campaign, campaignStates, hostStates, type Turn, type TurnJob } from './campaign.ts';
import { isFrozen } from './freezes.ts';
import { hasEnded, type Job, JobState, jobOf, PlaceRow } from './job.ts';
import { dbNow, readJob } from './store.ts';

export interface CampaignRow extends Campaign {
  readonly id: string;
  /** What was approved for it. */
  readonly asked: Job;
  readonly epoch: number;
  readonly reason: string | null;
}

const openStates = ['running', 'paused'];

/** A campaign as it stands: its rows, the jobs it opened, who has closed which of its hosts. Null where its bounds cannot be read. */
export async function readCampaign(rows: Rows | Work, id: string, now: Date): Promise<CampaignRow | null> {
  const row = await rows.selectFrom('campaign').selectAll().where('id', '=', id).executeTakeFirst();
  const asked = await readJob(rows, id);
  const bounds = CampaignBounds.safeParse(asked?.plan?.steps[0]?.input);
  if (row === undefined || asked === null || !bounds.success) return null;
  const freeze = await isFrozen(rows, row.cloud);
  return {
    id,
    asked,
    bounds: bounds.data,
    state: z.enum(campaignStates).parse(row.state),
    epoch: Number(row.epoch),
    reason: row.reason,
    turns: await turnsOf(rows, row),
    frozen:
      freeze === null
        ? null
        : `${freeze.cloud === '*' ? 'all clouds are' : `${freeze.cloud} is`} frozen by ${freeze.human}: ${freeze.reason}`,
    now,
  };
}

async function turnsOf(rows: Rows | Work, { id, cloud }: Pick<Tables['campaign'], 'id' | 'cloud'>): Promise<Turn[]> {
  const hosts = await rows
    .selectFrom('campaign_host')
    .selectAll()
    .where('campaign', '=', id)
    .orderBy('ordinal')
    .execute();
  const ids = (wanted: (state: string) => boolean) =>
    hosts.flatMap(({ state, job }) => (wanted(state) ? (job ?? []) : []));
  // Read each second: how a job ended, in its own words, only where that is still to be told.
  const telling = ids((state) => ['draining', 'opening', 'failed'].includes(state));
  const jobs = await jobsOf(
    rows,
    ids(() => true),
    telling,
  );
  const closed = await closedIn(rows, cloud, id);
  return hosts.map(({ host, state, job }) => ({
    host,
    state: z.enum(hostStates).parse(state),
    job: job === null ? null : (jobs.get(job) ?? null),
    closed: closed.get(host) ?? null,
  }));
}

async function jobsOf(
  rows: Rows | Work,
  ids: readonly string[],
  telling: readonly string[],
): Promise<ReadonlyMap<string, TurnJob>> {
  if (ids.length === 0) return new Map();
  const columns = ['id', 'state', 'successor', 'reason'] as const;
  const found = await rows.selectFrom('job').select(columns).where('id', 'in', ids).execute();
  const jobs = found.map((job) => ({ ...job, state: JobState.parse(job.state) }));
  const silent = jobs.filter(({ id, state, reason }) => telling.includes(id) && hasEnded(state) && reason === null);
  const titles = await titlesOf(
    rows,
    silent.map(({ id }) => id),
  );
  const troubles = await troublesOf(
    rows,
    silent.filter(({ state }) => state !== 'done').map(({ id }) => id),
  );
  return new Map(jobs.map((job) => [job.id, turnJob(job, titles.get(job.id), troubles.get(job.id))]));
}

type Found = Omit<TurnJob, 'told'> & { readonly reason: string | null };

function turnJob({ id, state, successor, reason }: Found, title: string | undefined, trouble = ''): TurnJob {
  const told = [reason ?? title ?? state, trouble].filter((part) => part !== '');
  return { id, state, successor, told: cut(told.join('; '), longestTold) };
}

async function titlesOf(rows: Rows | Work, jobs: readonly string[]): Promise<ReadonlyMap<string, string>> {
  if (jobs.length === 0) return new Map();
  const found = await rows.selectFrom('job').selectAll().where('id', 'in', jobs).execute();
  return new Map(found.map(jobOf).flatMap(({ id, report }) => (report === null ? [] : [[id, report.title]])));
}

/** Characters of how a job ended: a line that people read. */
const longestTold = 300;

/** The first step of each job that did not go well. */
async function troublesOf(rows: Rows | Work, jobs: readonly string[]): Promise<ReadonlyMap<string, string>> {
  if (jobs.length === 0) return new Map();
  const steps = await rows
    .selectFrom('step')
    .select(['job', 'label', 'note'])
    .where('job', 'in', jobs)
    .where('state', 'in', ['failed', 'unproven', 'blocked'])
    .orderBy('ordinal', 'desc')
    .execute();
  return new Map(steps.map(({ job, label, note }) => [job, `${label}: ${note}`]));
}

/** Hosts in maintenance: whoever took the lease last closed it. */
async function closedIn(rows: Rows | Work, cloud: string, id: string): Promise<Map<string, 'ours' | 'another'>> {
  const leases = await rows
    .selectFrom('lease')
    .leftJoin('job', 'job.id', 'lease.job')
    .select(['lease.subject', 'job.campaign'])
    .where('lease.kind', '=', 'host')
    .where('lease.cloud', '=', cloud)
    .execute();
  return new Map(leases.map(({ subject, campaign }) => [subject, campaign === id ? 'ours' : 'another']));
}

/** The first statement of whatever changes a campaign. False: another bot or person was there first. */
export async function takeCampaign(rows: Work, { id, epoch, state }: CampaignRow): Promise<boolean> {
  const taken = await rows
    .updateTable('campaign')
    .set({ epoch: epoch + 1 })
    .where('id', '=', id)
    .where('epoch', '=', epoch)
    .where('state', '=', state)
    .executeTakeFirst();
  return taken.numUpdatedRows === 1n;
}

export async function setTurn(
  rows: Work,
  { id }: Pick<CampaignRow, 'id'>,
  host: string,
  columns: { readonly state: Turn['state']; readonly job?: string | null },
): Promise<void> {
  await rows
    .updateTable('campaign_host')
    .set({ ...columns, since: dbNow })
    .where('campaign', '=', id)
    .where('host', '=', host)
    .execute();
}

export async function setState(
  rows: Work,
  { id }: Pick<CampaignRow, 'id'>,
  state: Campaign['state'],
  reason: string | null,
): Promise<void> {
  const ended = state === 'stopped' || state === 'done';
  await rows
    .updateTable('campaign')
    .set({ state, reason, ...(ended ? { ended_at: dbNow } : {}) })
    .where('id', '=', id)
    .execute();
  if (ended) await rows.updateTable('campaign_host').set({ held: null }).where('campaign', '=', id).execute();
}

/** Where it was asked for; null where another bot has stopped it already. */
export async function stopUnread(rows: Work, id: string, why: string): Promise<Place | null> {
  const found = await rows
    .selectFrom('campaign')
    .select('place')
    .where('id', '=', id)
    .where('state', 'in', openStates)
    .forUpdate()
    .executeTakeFirst();
  if (found === undefined) return null;
  await setState(rows, { id }, 'stopped', why);
  return PlaceRow.parse(JSON.parse(found.place));
}

/** Where it was asked for; null where that is known already, for it breaks at each look until a person mends it. */
export async function pauseBroken(rows: Work, id: string, trouble: string): Promise<Place | null> {
  const paused = await rows
    .updateTable('campaign')
    .set({ state: 'paused', reason: `something broke, ${trouble}` })
    .where('id', '=', id)
    .where('state', 'in', openStates)
    .where((where) => where.or([where('reason', 'is', null), where('reason', 'not like', 'something broke, %')]))
    .executeTakeFirst();
  if (paused.numUpdatedRows !== 1n) return null;
  const { place } = await rows.selectFrom('campaign').select('place').where('id', '=', id).executeTakeFirstOrThrow();
  return PlaceRow.parse(JSON.parse(place));
}

export async function openCampaigns(rows: Rows | Work): Promise<string[]> {
  const found = await rows
    .selectFrom('campaign')
    .select('id')
    .where('state', 'in', openStates)
    .orderBy('created_at')
    .execute();
  return found.map(({ id }) => id);
}

/** Open ones that have this host; more than one where two clouds have a host of that name. */
export async function campaignsWith(rows: Rows | Work, host: string): Promise<string[]> {
  const found = await rows
    .selectFrom('campaign_host')
    .select('campaign')
    .where('host', '=', host)
    .where('held', 'is not', null)
    .execute();
  return found.map(({ campaign }) => campaign);
}

/** The newest first, those that are open before those that are over. */
export async function latestCampaigns(rows: Rows | Work): Promise<string[]> {
  const found = await rows
    .selectFrom('campaign')
    .select('id')
    .orderBy((order) => order.case().when('ended_at', 'is', null).then(0).else(1).end())
    .orderBy('created_at', 'desc')
    .limit(20)
    .execute();
  return found.map(({ id }) => id);
}
