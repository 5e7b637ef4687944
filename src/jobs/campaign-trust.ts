import { UserError } from '../chat/user-error.ts';
import { drainLine, openLine } from '../command/campaign/bounds.ts';
import type { Plan } from '../command/plan.ts';
import { list } from '../command/words.ts';
import type { Rows } from '../mysql/database.ts';
import type { CloudReader, Service } from '../openstack/cloud.ts';
import { hasStopped, heldBack, isOut, type Turn } from './campaign.ts';
import { type CampaignRow, readCampaign } from './campaigns.ts';
import type { Job } from './job.ts';
import { beyond } from './standing.ts';

interface Trial {
  readonly job: Job;
  readonly asked: Job;
  readonly today: Pick<Plan, 'rows' | 'steps' | 'claims' | 'size' | 'spare'>;
  readonly now: Date;
}

/** A worker may be late by so much and still close a host of the window that is over. */
const graceMs = 10 * 60_000;

/** Why what a campaign opened is not what was approved for it: another host or line, not its turn, or more than that. */
export async function outsideCampaign(rows: Rows, { job, asked, today, now }: Trial): Promise<string | null> {
  const campaign = await readCampaign(rows, asked.id, now);
  if (campaign === null || asked.command !== 'campaign add') return 'the bounds are not the ones that were approved';
  const turn = campaign.turns.find((one) => one.job?.id === job.id);
  if (hasStopped(campaign) || turn === undefined) return 'its campaign does not wait for it';
  const { bounds } = campaign;
  const closes = turn.state === 'draining';
  const lines = closes
    ? [drainLine(bounds, turn.host)]
    : [true, false].map((works) => openLine(bounds, turn.host, works));
  if (
    !bounds.hosts.some((host) => host === turn.host) ||
    !lines.includes(job.line) ||
    job.cloud !== bounds.cloud ||
    job.human !== asked.human
  )
    return 'what was approved is another host, line, cloud or person';
  return (closes ? outOfTurn(campaign, turn, today) : null) ?? beyond(bounds, today);
}

/** By the very rules that the bot begins by. */
function outOfTurn(campaign: CampaignRow, turn: Turn, { size, spare }: Trial['today']): string | null {
  const { bounds, now } = campaign;
  if (bounds.until !== null && now > new Date(bounds.until)) return 'its approval has ended';
  const back = heldBack(campaign, turn);
  const late = heldBack(before(campaign), turn);
  if (back !== null && late !== null)
    return back.by === 'window'
      ? `its window (${bounds.window}) is over`
      : `${list(back.hosts, 3)} must be ${back.by === 'drain' ? 'empty' : 'open'} first`;
  if (size > bounds.servers) return `${turn.host} has ${size} servers to move, and ${bounds.servers} are approved`;
  if (spare === 'holds') return null;
  return `N-1 ${spare === 'lost' ? 'does not hold' : 'is not known to hold'} without ${turn.host}`;
}

function before(campaign: CampaignRow): CampaignRow {
  return { ...campaign, now: new Date(campaign.now.getTime() - graceMs) };
}

/**
 * Looked at in the cloud before a host is closed: every other one that is not out for its own work is up, and no more are
 * closed by whatever hand than may be. A `UserError` says which is not, and that pauses the campaign.
 */
export async function mustBeWell(
  rows: Rows,
  job: Job,
  { cloud, now }: { cloud: CloudReader; now: Date },
): Promise<void> {
  const campaign = job.campaign === null ? null : await readCampaign(rows, job.campaign, now);
  const turn = campaign?.turns.find((one) => one.job?.id === job.id);
  if (campaign === null || turn?.state !== 'draining') return;
  mustBeDue(campaign, turn);
  const services = new Map<string, Service>(
    (await cloud.services({ binary: 'nova-compute' })).map((service) => [service.host, service]),
  );
  const others = campaign.turns.filter(({ host }) => host !== turn.host);
  const stateOf = (host: string) => services.get(host)?.state ?? 'gone';
  const sick = others.filter((one) => !isOut(one) && one.state !== 'aside' && stateOf(one.host) !== 'up');
  if (sick.length > 0)
    throw new UserError(
      `${list(sick.map(({ host }) => `${host} is ${stateOf(host)}`))}: ${turn.host} is not closed as long as that is so`,
    );
  const serves = (host: string) => stateOf(host) === 'up' && services.get(host)?.status === 'enabled';
  const out = others.filter((one) => isOut(one) || !serves(one.host)).map(({ host }) => host);
  const { maxUnavailable } = campaign.bounds;
  if (out.length >= maxUnavailable)
    throw new UserError(
      `${list(out, 5)} ${out.length === 1 ? 'is' : 'are'} out of service, and ${maxUnavailable} may be: ${turn.host} is not closed`,
    );
}

/** Whoever approved it by hand did not make another window of it, nor begin the campaign anew. */
function mustBeDue(campaign: CampaignRow, turn: Turn): void {
  const { id, bounds } = campaign;
  if (hasStopped(campaign)) throw new UserError(`campaign ${id} is ${campaign.state}: ${turn.host} is not closed`);
  if (heldBack(campaign, turn)?.by === 'window' && heldBack(before(campaign), turn)?.by === 'window')
    throw new UserError(`the window of campaign ${id} (${bounds.window}) is over: ${turn.host} is not closed`);
}
