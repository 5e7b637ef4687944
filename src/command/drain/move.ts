import type { StepContext } from '../command.ts';
import { blocked, type Json, later, type Outcome, unproven } from '../outcome.ts';
import { opensAt, windowOf } from '../window.ts';
import { anotherHost } from './another-host.ts';
import { type Copy, isStuck, seeCopy, unseenCopy } from './copy.ts';
import { explain } from './explain.ts';
import { hostLease } from './host-lease.ts';
import { mayAsk, waitsAlone } from './lane-rules.ts';
import { lanesSeen, waitsForOthers } from './learn-lanes.ts';
import { fingerprint, type Look, look } from './look.ts';
import { type MoveInput, MoveIntent } from './move-intent.ts';
import { abortMove, askMove, confirmMove, forceMove, stored } from './move-requests.ts';
import { nextAct } from './move-rules.ts';
import { type MoveAct, type MoveView, ourMigration } from './move-view.ts';
import { staysPut } from './stays-put.ts';

/** What changed last, and when; how far the copy has come. */
interface Watch {
  readonly print: string;
  readonly since: Date;
  readonly copy: Copy;
  /** Since when it waits in Nova's queue behind nothing of ours; null where it does not. */
  readonly alone: Date | null;
  /** Since when it waits there though fewer of this job's run than are known to. */
  readonly fewer: Date | null;
}

/** Moves one server off its host: looks, decides, asks, looks, until it is proven or can be no more. */
export async function move(input: MoveInput, context: StepContext): Promise<Outcome> {
  const totalEnd = await drainEnds(input, context);
  let intent = readIntent(context.checkpoint);
  const early = intent === null ? beforeWindow(input, totalEnd, context.now()) : null;
  if (early !== null) return early;
  let watch: Watch = { print: '', since: context.now(), copy: unseenCopy, alone: null, fewer: null };
  /** Undefined: nothing was asked. */
  let said: MoveView['said'] | undefined;
  let seen: Look | null = null;
  for (;;) {
    seen = await look(context.cloud, input, intent, seen);
    watch = watchOn(watch, { input, seen, intent }, context);
    const act = seen.seen
      ? nextAct(await viewOf({ input, intent, seen, watch, totalEnd, said: said ?? null }, context))
      : unseenAct(seen.why, totalEnd, context.now());
    if (act.act === 'end') return act.outcome;
    if (act.act === 'explain') return explain(input, intent, act, context.cloud);
    if (act.act === 'inquire') said = await context.inquire(act.question);
    else {
      if (said !== undefined && isCalm(watch)) said = await takeBack(context);
      const did = await perform(act, { input, intent, seen, watch, context });
      if (did !== null && 'state' in did) return did;
      intent = did;
    }
    await rest(context, intent);
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

/** Nothing is to be asked: it gets smaller, and what it waits for moves. */
function isCalm({ copy, alone }: Watch): boolean {
  return copy.looks === 0 && alone === null;
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
    startedAt: context.startedAt,
    still: now.getTime() - watch.since.getTime(),
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

async function perform(act: Doable, doing: Doing): Promise<MoveIntent | Outcome | null> {
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

/** What this look told is written down, and what it tells those that wait for a lane. */
async function noted(after: MoveIntent | null, { input, intent, watch, context }: Doing): Promise<MoveIntent | null> {
  if (after === null) return null;
  const fewer = watch.fewer === null ? 0 : context.now().getTime() - watch.fewer.getTime();
  const live = intent !== null && after.how === 'live';
  const lanes = live ? await lanesSeen({ input, before: intent, after, fewer }, context) : null;
  const told = lanes === null ? after : { ...after, lanes };
  if (told !== intent) await context.remember(stored(told));
  return told;
}

type Posting = Extract<MoveAct, { act: 'live' | 'cold' | 'retry' }>;

/** What takes a place in Nova's queue waits for its turn; once the job was told to stop it is not begun. */
async function inTurn(act: Posting, doing: Doing): Promise<MoveIntent | Outcome | null> {
  const { input, intent, context } = doing;
  if (context.cancelled()) {
    return act.act === 'retry'
      ? explain(input, intent, { ...act, note: '' }, context.cloud)
      : blocked('told to stop before it began');
  }
  const how = act.act === 'cold' ? 'cold' : 'live';
  const lane = await context.takeLane(
    (others) => mayAsk({ how, from: input.from }, others),
    () => post(act, doing),
  );
  if ('did' in lane) return lane.did;
  context.progress(lane.waits);
  return intent;
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

function watchOn(
  watch: Watch,
  { input, seen, intent }: Pick<Doing, 'input' | 'seen' | 'intent'>,
  context: StepContext,
): Watch {
  const print = fingerprint(seen);
  const now = context.now();
  const others = context.beside();
  const ours = seen.seen ? ourMigration({ ...seen, input, intent }) : null;
  return {
    print,
    since: print === watch.print ? watch.since : now,
    copy: seen.seen ? seeCopy(watch.copy, seen.migrations, now) : watch.copy,
    alone: waitsAlone(intent, others) ? (watch.alone ?? now) : null,
    fewer: waitsForOthers(input.from, ours?.status, others) ? (watch.fewer ?? now) : null,
  };
}

/** Waits for the next look. A `cancel-now`, which the first sleep tells, does not end the turn: what can be aborted is. */
async function rest(context: StepContext, intent: MoveIntent | null): Promise<void> {
  const { pollInterval } = context.cloud.settings;
  // A move that takes seconds is looked at often, one that takes minutes seldom: what follows it waits little longer. One
  // that waits for its turn, or for what another does with its server, is none: tens of them would ask Nova all the time.
  const asked = intent === null ? Number.POSITIVE_INFINITY : context.now().getTime() - intent.asked.at.getTime();
  try {
    await context.sleep(Math.min(pollInterval, Math.max(500, asked / 5)));
  } catch (reason) {
    if (!isAbortNow(context.signal)) throw reason;
  }
}

function isAbortNow(signal: AbortSignal): boolean {
  return signal.aborted && signal.reason === 'cancel-now';
}
