import { type Report, say } from '../chat/report.ts';
import { UserError } from '../chat/user-error.ts';
import { nearest } from '../command/suggest.ts';
import { type HostState, hasStopped, type Turn } from '../jobs/campaign.ts';
import { burnDown } from '../jobs/campaign-words.ts';
import {
  type CampaignRow,
  campaignsWith,
  openCampaigns,
  readCampaign,
  setState,
  setTurn,
  takeCampaign,
} from '../jobs/campaigns.ts';
import { readJob } from '../jobs/store.ts';
import { stoppedReport } from './campaign-notes.ts';
import { dropped } from './cancels.ts';
import type { Sitting } from './desk.ts';
import { mayTouch, personAt, record, work } from './person.ts';

/** No other host is begun until somebody says so; what has begun goes on. */
export async function pauseCampaign(sitting: Sitting, id: string | null, reason: string | null): Promise<Report> {
  const campaign = await taken(sitting, id ?? (await onlyOpen(sitting, 'pause')));
  if (campaign.state === 'paused')
    throw new UserError(`campaign ${campaign.id} is paused already: ${campaign.reason ?? 'no reason'}`);
  const { human } = personAt(sitting);
  const why = `by ${human}${reason === null ? '' : `: ${reason}`}`;
  await setState(work(sitting), campaign, 'paused', why);
  changed(sitting, campaign, { what: 'paused', because: why });
  return {
    ...say(`campaign ${campaign.id} is paused ${why}`, burnDown({ ...campaign, state: 'paused' })),
    replies: [{ label: 'Go on', line: `campaign resume ${campaign.id}` }],
  };
}

/** What failed is tried again, but for the hosts that are left aside. */
export async function resumeCampaign(sitting: Sitting, id: string | null, aside: readonly string[]): Promise<Report> {
  const campaign = await taken(sitting, id ?? (await onlyOpen(sitting, 'resume')));
  const { until } = campaign.bounds;
  if (until !== null && campaign.now > new Date(until))
    throw new UserError(`its approval has ended: campaign stop ${campaign.id}, then ask for another one`);
  if (campaign.state === 'running' && aside.length === 0) throw new UserError(`campaign ${campaign.id} is not paused`);
  for (const host of aside) mustRest(campaign, host);
  const rows = work(sitting);
  const next = (host: string, state: HostState): HostState =>
    aside.includes(host) ? 'aside' : state === 'failed' ? 'waiting' : state;
  const turns = campaign.turns.map((turn) => ({ ...turn, state: next(turn.host, turn.state) }));
  for (const [at, { host, state }] of turns.entries())
    if (state !== campaign.turns[at]?.state) await setTurn(rows, campaign, host, { state });
  await setState(rows, campaign, 'running', null);
  changed(sitting, campaign, { what: 'resumed', aside: aside.join(',') });
  const closed = turns.filter((turn) => turn.state === 'aside' && turn.closed !== null).map(({ host }) => host);
  return say(
    `campaign ${campaign.id} goes on: ${burnDown({ ...campaign, turns, state: 'running' })}`,
    ...closed.map((host) => `${host} is still closed and counts as out of service: maintenance ${host} off opens it`),
  );
}

/** Left aside is what nothing is done to just now. */
function mustRest(campaign: CampaignRow, typed: string): void {
  const { host, state, job } = turnOf(campaign, typed);
  if (state === 'done' || state === 'aside')
    throw new UserError(`${host} is ${state === 'done' ? 'done' : 'left aside'} already`);
  if (state === 'waiting' || state === 'failed') return;
  const cancel = job === null ? '' : `: cancel ${job.id} first`;
  throw new UserError(`${host} is in work${state === 'working' ? `: campaign done ${host} ends that` : cancel}`);
}

function turnOf({ id, turns }: CampaignRow, typed: string): CampaignRow['turns'][number] {
  const turn = turns.find(({ host }) => host === typed);
  if (turn !== undefined) return turn;
  const near = nearest(
    typed,
    turns.map(({ host }) => host),
  );
  throw new UserError(`campaign ${id} has no host ${typed}${near === null ? '' : `; did you mean ${near}?`}`);
}

/** What it opened and has not begun ends with it: nobody approves it later. */
export async function stopCampaign(sitting: Sitting, id: string | null): Promise<Report> {
  const campaign = await taken(sitting, id ?? (await onlyOpen(sitting, 'stop')));
  const turns: Turn[] = [];
  for (const turn of campaign.turns) turns.push(await unbegun(sitting, campaign, turn));
  await setState(work(sitting), campaign, 'stopped', null);
  changed(sitting, campaign, { what: 'stopped' });
  return stoppedReport({ ...campaign, turns, state: 'stopped' });
}

/** The turn as it was before the job that is ended here. */
async function unbegun(sitting: Sitting, { id, asked: { cloud } }: CampaignRow, turn: Turn): Promise<Turn> {
  const { host, state, job } = turn;
  if (job === null || (state !== 'draining' && state !== 'opening')) return turn;
  const last = job.state === 'stale' ? (job.successor ?? job.id) : job.id;
  if (!(await dropped(sitting, { id: last, cloud }))) return turn;
  record(sitting, { kind: 'cancel', job: last, detail: { now: false, campaign: id } });
  const before = state === 'draining' ? 'waiting' : 'working';
  await setTurn(work(sitting), { id }, host, { state: before });
  return { ...turn, state: before };
}

/** The work on a host is done, or what failed there was mended by hand: it is opened again. */
export async function doneInCampaign(sitting: Sitting, host: string, id: string | null): Promise<Report> {
  const campaign = await taken(sitting, id ?? (await onlyWith(sitting, host)));
  const { state, job, closed } = turnOf(campaign, host);
  if (state !== 'working' && state !== 'failed') throw new UserError(`${host} ${notWorked(state, job?.id ?? null)}`);
  if (closed === null && state === 'working') throw new UserError(`${host} is open again already`);
  if (closed === null)
    throw new UserError(
      `${host} is open: campaign resume ${campaign.id} tries it again, with --aside ${host} goes on without it`,
    );
  await setTurn(work(sitting), campaign, host, { state: 'opening', job: null });
  changed(sitting, campaign, { what: 'work done', host });
  return say(`${host}: its work is done; it is opened again once it is well`);
}

function notWorked(state: Exclude<HostState, 'working' | 'failed'>, job: string | null): string {
  switch (state) {
    case 'waiting':
      return 'waits for its turn: it was not emptied yet';
    case 'draining':
      return `is being emptied still (${job})`;
    case 'opening':
      return `is being opened already${job === null ? '' : ` (${job})`}`;
    case 'done':
      return 'is done already';
    case 'aside':
      return 'was left aside: maintenance HOST off opens it';
  }
}

async function onlyOpen({ rows }: Sitting, doing: string): Promise<string> {
  const found = await openCampaigns(rows);
  const [only] = found;
  if (only === undefined) throw new UserError(`no campaign is open: nothing to ${doing}`);
  if (found.length > 1)
    throw new UserError(`which one? type ${found.map((id) => `campaign ${doing} ${id}`).join(' or ')}`);
  return only;
}

async function onlyWith(sitting: Sitting, host: string): Promise<string> {
  const found = await campaignsWith(sitting.rows, host);
  const [only] = found;
  if (only === undefined) throw new UserError(`no open campaign has a host ${host}: campaign list shows them`);
  if (found.length > 1)
    throw new UserError(`which one? type ${found.map((id) => `campaign done ${host} ${id}`).join(' or ')}`);
  return only;
}

/** An open campaign that this person may change: whoever may ask for it. Its epoch is taken: nobody else changes it meanwhile. */
async function taken(sitting: Sitting, typed: string): Promise<CampaignRow> {
  const id = typed.toLowerCase().replace(/^#/, '');
  const campaign = await readCampaign(sitting.rows, id, await sitting.database.now());
  if (campaign === null) throw new UserError(await noSuch(sitting, id));
  mayTouch(sitting, campaign.asked);
  if (hasStopped(campaign)) throw new UserError(`campaign ${id} is over: ${burnDown(campaign)}`);
  if (!(await takeCampaign(work(sitting), campaign)))
    throw new UserError(`campaign ${id} went on a moment ago: say it again`);
  return campaign;
}

async function noSuch({ rows }: Sitting, id: string): Promise<string> {
  const job = await readJob(rows, id);
  return job?.command === 'campaign add' && job.state !== 'done'
    ? `campaign ${id} is not open: its plan is ${job.state}; job ${id} shows it`
    : `there is no campaign ${id}: type campaign list`;
}

function changed(sitting: Sitting, { id, asked: { line } }: CampaignRow, detail: Record<string, string>): void {
  record(sitting, { kind: 'campaign', line, detail: { campaign: id, ...detail } });
}
