import type { Place } from '../chat/message.ts';
import { type Report, refuse } from '../chat/report.ts';
import { UserError } from '../chat/user-error.ts';
import { drainLine, openLine } from '../command/campaign/bounds.ts';
import { type CampaignMove, nextMove } from '../jobs/campaign.ts';
import {
  type CampaignRow,
  openCampaigns,
  readCampaign,
  setState,
  setTurn,
  stopUnread,
  takeCampaign,
} from '../jobs/campaigns.ts';
import { connectionOf, insertNote } from '../jobs/deliveries.ts';
import { isUnreachable, type Work } from '../mysql/database.ts';
import { audit } from '../policy/audit.ts';
import { personOf } from '../policy/policy.ts';
import { tellBrokenCampaign } from './broken-campaign.ts';
import { burnDownNote, emptyNote, overNote, pausedNote } from './campaign-notes.ts';
import type { DeskParts } from './desk.ts';
import type { FiringParts } from './firing.ts';
import { type Opened, openJobs } from './open-jobs.ts';
import { savedLine } from './saved-line.ts';

/** More moves at once than any campaign has; what is left comes with the next look. */
const movesAtOnce = 100;

/**
 * Carries every open campaign on: what has ended is settled, what is due begins. Each move is one transaction that takes
 * the campaign's epoch, so that however many bots look, and whatever restarts, it is made once. Returns the bells to ring.
 */
export async function advanceCampaigns(parts: FiringParts): Promise<Opened[]> {
  const rings: Opened[] = [];
  const broken: unknown[] = [];
  for (const id of await openCampaigns(parts.database.rows))
    await advance(parts, id)
      .catch((error: unknown) => {
        if (isUnreachable(error)) throw error;
        return tellBrokenCampaign(parts, id, error);
      })
      .then((opened) => rings.push(...opened))
      .catch((error: unknown) => broken.push(error));
  if (rings.length === 0 && broken.length > 0) throw new AggregateError(broken, 'campaigns could not go on');
  return rings;
}

async function advance(parts: DeskParts, id: string): Promise<Opened[]> {
  const { database } = parts;
  const rings: Opened[] = [];
  for (let moves = 0; moves < movesAtOnce; moves += 1) {
    const campaign = await readCampaign(database.rows, id, await database.now());
    if (campaign === null) return [...rings, ...(await giveUp(parts, id))];
    const move = nextMove(campaign);
    if (move === null) break;
    rings.push(...(await make(parts, campaign, move)));
  }
  return rings;
}

/** Approved by a version that wrote its bounds otherwise: nothing is guessed, and its hosts are free for another one. */
async function giveUp({ database }: DeskParts, id: string): Promise<Opened[]> {
  const why = 'this version of vigie cannot read its bounds: ask for another one';
  return database.transaction(async (rows) => {
    const place = await stopUnread(rows, id, why);
    if (place === null) return [];
    await audit(rows, { kind: 'campaign', detail: { campaign: id, what: 'stopped', because: why } });
    return say(rows, { key: `campaign:${id}:unread`, place, report: refuse(`campaign ${id} is stopped: ${why}`) });
  });
}

/** What cannot be opened (rights that were lost, a line this version does not know) pauses the campaign. */
async function make(parts: DeskParts, campaign: CampaignRow, move: CampaignMove): Promise<Opened[]> {
  const { database } = parts;
  try {
    return await database.transaction((rows) => moved(rows, parts, campaign, move));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const why = error.message;
    const refused: CampaignMove =
      move.kind === 'open' ? { kind: 'turn', turn: move.turn, to: 'failed', pause: why } : { kind: 'pause', why };
    return database.transaction((rows) => moved(rows, parts, campaign, refused));
  }
}

async function moved(rows: Work, parts: DeskParts, campaign: CampaignRow, move: CampaignMove): Promise<Opened[]> {
  if (!(await takeCampaign(rows, campaign))) return [];
  switch (move.kind) {
    case 'follow':
      await setTurn(rows, campaign, move.turn.host, { state: move.turn.state, job: move.job });
      return [];
    case 'turn':
      return turned(rows, campaign, move);
    case 'begin':
    case 'open':
      return open(rows, parts, campaign, move);
    case 'pause':
      return paused(rows, campaign, move.why, []);
    case 'end':
      await setState(rows, campaign, 'done', null);
      await record(rows, campaign, { what: 'done' });
      return note(rows, campaign, overNote(campaign));
  }
}

async function turned(
  rows: Work,
  campaign: CampaignRow,
  { turn, to, pause }: Extract<CampaignMove, { kind: 'turn' }>,
): Promise<Opened[]> {
  await setTurn(rows, campaign, turn.host, { state: to });
  const turns = campaign.turns.map((one) => (one.host === turn.host ? { ...one, state: to } : one));
  const after = { ...campaign, turns };
  if (pause !== null) return paused(rows, after, pause, to === 'failed' ? [turn.host] : []);
  await record(rows, campaign, { what: to, host: turn.host });
  if (to === 'done') return note(rows, campaign, burnDownNote(after, turn.host));
  return campaign.bounds.work === null ? note(rows, campaign, emptyNote(after, turn.host)) : [];
}

/** As if whoever asked for the campaign said the line now: by the rights of now, read by the commands of now. */
async function open(
  rows: Work,
  parts: DeskParts,
  { id, asked, bounds, epoch }: CampaignRow,
  move: Extract<CampaignMove, { kind: 'begin' | 'open' }>,
): Promise<Opened[]> {
  const {
    kind,
    turn: { host },
  } = move;
  const { human, account, place } = asked;
  const policy = parts.policy();
  if (personOf(policy, account)?.human !== human)
    throw new UserError(`the policy no longer knows ${human} by ${account}`);
  const text = move.kind === 'begin' ? drainLine(bounds, host) : openLine(bounds, host, move.works);
  const { line, clouds } = await savedLine(rows, { registry: parts.registry, policy, place, account, text });
  const message = { key: `campaign:${id}:${epoch}:${host}`.slice(0, 190), place };
  const opened = await openJobs(rows, { message, line, clouds, human, account, policyHash: policy.hash, campaign: id });
  const job = opened[0]?.id ?? null;
  await setTurn(rows, { id }, host, { state: kind === 'begin' ? 'draining' : 'opening', job });
  await audit(rows, {
    kind: 'campaign',
    human,
    account,
    job,
    line: line.line,
    detail: { campaign: id, what: kind, host },
  });
  return opened;
}

/** `stuck`: the hosts that a person must decide about. */
async function paused(rows: Work, campaign: CampaignRow, why: string, stuck: readonly string[]): Promise<Opened[]> {
  await setState(rows, campaign, 'paused', why);
  await record(rows, campaign, { what: 'paused', because: why });
  return note(rows, campaign, pausedNote({ ...campaign, state: 'paused' }, why, stuck));
}

function note(rows: Work, { id, epoch, asked: { place } }: CampaignRow, report: Report): Promise<Opened[]> {
  return say(rows, { key: `campaign:${id}:${epoch}`, place, report });
}

async function say(
  rows: Work,
  { key, place, report }: { key: string; place: Place; report: Report },
): Promise<Opened[]> {
  await insertNote(rows, { key, place: wholePlace(place), report });
  return [{ queue: `say-${connectionOf(place.id)}`, id: key, once: key }];
}

/** Days later the thread it was asked in is far up. */
function wholePlace({ thread: _, ...place }: Place): Place {
  return place;
}

function record(rows: Work, { id, asked }: CampaignRow, detail: Record<string, string>): Promise<void> {
  return audit(rows, { kind: 'campaign', human: asked.human, detail: { campaign: id, ...detail } });
}
