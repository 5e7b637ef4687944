import type { CampaignBounds } from '../command/campaign/bounds.ts';
import { opensAt, windowOf } from '../command/window.ts';
import { hasEnded, type JobState } from './job.ts';

export const campaignStates = ['running', 'paused', 'stopped', 'done'] as const;
export type CampaignState = (typeof campaignStates)[number];

/**
 * Where a host stands: not yet begun, being emptied, empty and worked on, being opened again, done; what went wrong and
 * waits for a person; what a person left aside.
 */
export const hostStates = ['waiting', 'draining', 'working', 'opening', 'done', 'failed', 'aside'] as const;
export type HostState = (typeof hostStates)[number];

export interface Turn {
  readonly host: string;
  readonly state: HostState;
  /** The last job opened for it. */
  readonly job: TurnJob | null;
  /** In maintenance now, by this campaign or by another hand. */
  readonly closed: 'ours' | 'another' | null;
}

export interface TurnJob {
  readonly id: string;
  readonly state: JobState;
  readonly successor: string | null;
  /** How it ended, in words. */
  readonly told: string;
}

export interface Campaign {
  readonly state: CampaignState;
  readonly bounds: CampaignBounds;
  /** In the order of the bounds. */
  readonly turns: readonly Turn[];
  /** Who froze the cloud and why; null while nobody did. */
  readonly frozen: string | null;
  readonly now: Date;
}

export type CampaignMove =
  | { readonly kind: 'follow'; readonly turn: Turn; readonly job: string }
  | { readonly kind: 'turn'; readonly turn: Turn; readonly to: HostState; readonly pause: string | null }
  | { readonly kind: 'begin'; readonly turn: Turn }
  /** `works`: the operators' program does the work first; else a person said that it is done. */
  | { readonly kind: 'open'; readonly turn: Turn; readonly works: boolean }
  | { readonly kind: 'pause'; readonly why: string }
  | { readonly kind: 'end' };

/** The one thing that is due now; null where a person, a job or the clock must come first (`waitsFor` says which). */
export function nextMove(campaign: Campaign): CampaignMove | null {
  if (hasStopped(campaign)) return null;
  for (const turn of campaign.turns) {
    const move = settled(turn) ?? opened(turn, campaign);
    if (move !== null) return move;
  }
  if (campaign.turns.every(({ state }) => state === 'done' || state === 'aside')) return { kind: 'end' };
  return campaign.state === 'running' ? begun(campaign) : null;
}

export function hasStopped({ state }: Pick<Campaign, 'state'>): boolean {
  return state === 'stopped' || state === 'done';
}

function settled(turn: Turn): CampaignMove | null {
  const { host, state, job, closed } = turn;
  const to = (next: HostState, pause: string | null = null): CampaignMove => ({ kind: 'turn', turn, to: next, pause });
  // Whoever opened it says that its work is done.
  if (state === 'working') return closed === null ? to('done') : null;
  if ((state !== 'draining' && state !== 'opening') || job === null || !hasEnded(job.state)) return null;
  if (job.state === 'stale' && job.successor !== null) return { kind: 'follow', turn, job: job.successor };
  if (job.state === 'done') return to(state === 'draining' ? 'working' : 'done');
  const why = `${job.told.includes(host) ? '' : `${host}: `}${job.told} (${job.id})`;
  // Open again, if not as it should be: it is not worked on a second time.
  return to(state === 'opening' && closed === null ? 'done' : 'failed', why);
}

/** A person said that its work is done, or a program of the operators' does it first. */
function opened(turn: Turn, { state, bounds }: Campaign): CampaignMove | null {
  const asked = turn.state === 'opening' && turn.job === null;
  const byItself = turn.state === 'working' && bounds.work !== null && state === 'running';
  return asked || byItself ? { kind: 'open', turn, works: byItself } : null;
}

function begun(campaign: Campaign): CampaignMove | null {
  const turn = nextTurn(campaign);
  if (turn === null) return null;
  const { until } = campaign.bounds;
  if (until !== null && campaign.now > new Date(until))
    return { kind: 'pause', why: `its approval ended ${until.slice(0, 16).replace('T', ' ')} UTC` };
  if (heldBack(campaign, turn) !== null) return null;
  return campaign.frozen === null ? { kind: 'begin', turn } : { kind: 'pause', why: campaign.frozen };
}

/** One that was closed before goes first; one that another hand has closed must be opened by that hand. */
export function nextTurn({ turns }: Pick<Campaign, 'turns'>): Turn | null {
  const ready = turns.filter(({ state, closed }) => state === 'waiting' && closed !== 'another');
  return ready.find(({ closed }) => closed === 'ours') ?? ready[0] ?? null;
}

export type HeldBack =
  | { readonly by: 'window'; readonly opens: Date }
  /** Out of service: no more may be, or none more before the canary among them is done. */
  | { readonly by: 'others' | 'canary'; readonly hosts: readonly string[] }
  /** Being emptied still: N-1 is reckoned once that is over. */
  | { readonly by: 'drain'; readonly hosts: readonly string[] };

/** Why this host may not be closed now; null where it may. The bot begins by it, and the worker holds the bot to it. */
export function heldBack({ bounds, turns, now }: Omit<Campaign, 'state' | 'frozen'>, turn: Turn): HeldBack | null {
  const out = turns.filter((one) => one.host !== turn.host && isOut(one)).map(({ host }) => host);
  const proven = turns.filter(({ state }) => state === 'done').length >= bounds.canary;
  if (out.length > 0 && !proven) return { by: 'canary', hosts: out };
  if (out.length >= bounds.maxUnavailable) return { by: 'others', hosts: out };
  const draining = turns.filter((one) => one.host !== turn.host && one.state === 'draining').map(({ host }) => host);
  if (draining.length > 0) return { by: 'drain', hosts: draining };
  const window = bounds.window === null ? null : windowOf(bounds.window);
  const opens = window === null ? null : opensAt(window, now);
  return opens === null ? null : { by: 'window', opens };
}

/** Out of service, or about to be. */
export function isOut({ state, closed }: Turn): boolean {
  return inWork(state) || closed !== null;
}

export function inWork(state: HostState): boolean {
  return state === 'draining' || state === 'working' || state === 'opening';
}
