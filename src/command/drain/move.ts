import type { StepContext } from '../command.ts';
import { blocked, type Json, later, type Outcome, unproven } from '../outcome.ts';
import { opensAt, windowOf } from '../window.ts';
import { anotherHost } from './another-host.ts';
import { isStuck } from './copy.ts';
import { explain } from './explain.ts';
import { hostLease } from './host-lease.ts';
import { mayAsk } from './lane-rules.ts';
import { lanesSeen } from './learn-lanes.ts';
import { type Look, look } from './look.ts';
import { type MoveInput, MoveIntent } from './move-intent.ts';
import { abortMove, askMove, confirmMove, forceMove, stored } from './move-requests.ts';
import { nextAct } from './move-rules.ts';
import type { MoveAct, MoveView } from './move-view.ts';
import { goesOn, unwatched, type Watch, watchOn } from './move-watch.ts';
import { staysPut } from './stays-put.ts';

/** Moves of a host that look so often, ms, share what they see. */
const mostOften = 250;
/** What was seen of a server before its place fell free is good for so long, ms. */
const knownFor = 1000;

/** Moves one server off its host: looks, decides, asks, looks, until it is proven or can be no more. */
export async function move(input: MoveInput, context: StepContext): Promise<Outcome> {
  const totalEnd = await drainEnds(input, context);
  let intent = readIntent(context.checkpoint);
  let watch = unwatched(context.now());
  /** Undefined: nothing was asked. */
  let said: MoveView['said'] | undefined;
  let seen: Look | null = null;
  for (;;) {
    const early = intent === null ? beforeWindow(input, totalEnd, context.now()) : null;
    if (early !== null) return early;
    seen = await look(context.cloud, { input, intent, now: context.now() }, seen);
    watch = watchOn(watch, { input, seen, intent }, context);
    const act = seen.seen
      ? nextAct(await viewOf({ input, intent, seen, watch, totalEnd, said: said ?? null }, context))
      : unseenAct(seen.why, totalEnd, context.now());
    if (act.act === 'end') return act.outcome;
    if (act.act === 'explain') return explain(input, intent, act, context.cloud);
    if (act.act === 'inquire') said = await context.inquire(act.question);
    else {
      if (said !== undefined && goesOn(watch)) said = await takeBack(context);
      const did = await perform(act, { input, intent, seen, watch, context });
      if (did === 'look again') {
        await rest(context, 0);
        continue;
      }
      if (did !== null && 'state' in did) return did;
      intent = did;
    }
    await rest(context, pauseAfter(seen, intent, context));
  }
}

/** Its owner allows moves only at certain times: nobody waits awake for that. */
function beforeWindow({ window: words }: MoveInput, totalEnd: Date, now: Date): Outcome | null {
  const window = words === undefined ? null : windowOf(words);
  const opens = window === null ? null : opensAt(window, now);
  if (opens === null) return null;
  if (opens >= totalEnd)
    return blocked(`not begun: its owner allows ${words}, and the drain's time is over before that`);
  return later(opens, `waits for its owner's window, ${words}`);
}

/** Nobody needs to answer any more. */
async function takeBack(context: StepContext): Promise<undefined> {
  await context.inquire(null);
}

export function readIntent(checkpoint: Json): MoveIntent | null {
  const parsed = MoveIntent.safeParse(checkpoint);
  return parsed.success ? parsed.data : null;
}

/** A drain's total time counts from when it disabled the host; that of any other move from the step's own start. */
async function drainEnds({ from }: MoveInput, { cloud, leases, startedAt, job }: StepContext): Promise<Date> {
  const lease = hostLease(await leases.find('host', from));
  const began = lease?.job === job.id ? lease.detail.drainBegan : startedAt;
  return new Date(began.getTime() + cloud.settings.totalDeadline);
}

interface Found {
  readonly input: MoveInput;
  readonly intent: MoveIntent | null;
  readonly seen: Extract<Look, { seen: true }>;
  readonly watch: Watch;
  readonly totalEnd: Date;
  readonly said: MoveView['said'];
}

async function viewOf({ input, intent, seen, watch, totalEnd, said }: Found, context: StepContext): Promise<MoveView> {
  const now = context.now();
  const asking = intent === null || intent.asked.refused !== null;
  return {
    input,
    intent,
    server: seen.server,
    migrations: seen.migrations,
    actions: seen.actions,
    self: seen.self,
    staysPut: asking ? await staysPut(input.server, context) : null,
    now,
    still: now.getTime() - watch.since.getTime(),
    busy: watch.busy === null ? 0 : now.getTime() - watch.busy.getTime(),
    serverDeadline: context.cloud.settings.serverDeadline,
    totalEnd,
    abortNow: isAbortNow(context.signal),
    shrankAt: watch.copy.shrankAt,
    stuck: isStuck(watch.copy, now, context.cloud.settings.pollInterval),
    alone: watch.alone === null ? 0 : now.getTime() - watch.alone.getTime(),
    said,
  };
}

function unseenAct(why: string, totalEnd: Date, now: Date): MoveAct {
  return now >= totalEnd
    ? { act: 'end', outcome: unproven(`could not be looked at: ${why}`) }
    : { act: 'wait', note: why };
}

interface Doing {
  readonly input: MoveInput;
  readonly intent: MoveIntent | null;
  readonly seen: Look;
  readonly watch: Watch;
  readonly context: StepContext;
}

type Doable = Exclude<MoveAct, { act: 'end' | 'explain' | 'inquire' }>;

async function perform(act: Doable, doing: Doing): Promise<MoveIntent | Outcome | null | 'look again'> {
  const { input, intent, context } = doing;
  switch (act.act) {
    case 'wait':
      context.progress(act.note);
      return noted(act.intent ?? intent, doing);
    case 'live':
    case 'cold':
    case 'retry':
      return inTurn(act, doing);
    case 'confirm':
      return intent === null
        ? null
        : confirmMove(input, { intent, migration: act.migration, tries: act.tries }, context);
    case 'abort':
      return intent === null ? null : abortMove(input, { intent, ...act }, context);
    case 'force':
      return intent === null ? null : forceMove(input, { intent, ...act }, context);
  }
}

/** What this look told is written down at once, for those that wait for a lane; then what it tells of the lanes. */
async function noted(after: MoveIntent | null, { input, intent, watch, context }: Doing): Promise<MoveIntent | null> {
  if (after === null) return null;
  if (after !== intent) await context.remember(stored(after));
  if (intent === null || after.how !== 'live') return after;
  const fewer = watch.fewer === null ? 0 : context.now().getTime() - watch.fewer.getTime();
  const lanes = await lanesSeen({ input, before: intent, after, fewer }, context);
  if (lanes === null) return after;
  const told = { ...after, lanes };
  await context.remember(stored(told));
  return told;
}

type Posting = Extract<MoveAct, { act: 'live' | 'cold' | 'retry' }>;

/** What takes a place in Nova's queue waits for its turn; once the job was told to stop it is not begun. */
async function inTurn(act: Posting, doing: Doing): Promise<MoveIntent | Outcome | null | 'look again'> {
  const { input, intent, context } = doing;
  if (context.cancelled()) {
    return act.act === 'retry'
      ? explain(input, intent, { ...act, note: '' }, context.cloud)
      : blocked('told to stop before it began');
  }
  const how = act.act === 'cold' ? 'cold' : 'live';
  const lane = await context.takeLane({
    lets: (others) => mayAsk({ how, from: input.from }, others),
    // Of one that somebody starts meanwhile a cold move would shut the guest down.
    goodFor: how === 'cold' ? 0 : knownFor,
    work: () => post(act, doing),
  });
  return lane === null ? 'look again' : lane.did;
}

async function post(act: Posting, { input, intent, seen, context }: Doing): Promise<MoveIntent | Outcome | null> {
  if (!seen.seen || seen.server === null) return intent;
  const found = { server: seen.server, migrations: seen.migrations };
  if (act.act !== 'retry') return askMove(input, { how: act.act, tries: act.tries, ...found }, context);
  const again = await anotherHost(input, act.avoid, context);
  if (again === null) return explain(input, intent, { ...act, note: '' }, context.cloud);
  context.progress(`did not arrive on ${again.avoid}; once more, to ${again.host}`);
  return askMove(input, { how: 'live', tries: 1, ...found, again }, context);
}

/**
 * A move that takes seconds is looked at often, one that takes minutes seldom: what follows it waits little longer; most often
 * where that costs one request for all. One that was not asked for, or refused, is none: tens of them would ask Nova all the time.
 */
function pauseAfter(seen: Look, intent: MoveIntent | null, { cloud, now }: StepContext): number {
  const { pollInterval } = cloud.settings;
  if (intent === null || intent.asked.refused !== null) return pollInterval;
  const asked = now().getTime() - intent.asked.at.getTime();
  const isShared = seen.seen && !seen.whole;
  return Math.min(pollInterval, isShared ? Math.max(mostOften, asked / 10) : Math.max(2 * mostOften, asked / 5));
}

/** A `cancel-now`, which the first sleep tells, does not end the turn: what can be aborted is. */
async function rest(context: StepContext, ms: number): Promise<void> {
  try {
    await context.sleep(ms);
  } catch (reason) {
    if (!isAbortNow(context.signal)) throw reason;
  }
}

function isAbortNow(signal: AbortSignal): boolean {
  return signal.aborted && signal.reason === 'cancel-now';
}
