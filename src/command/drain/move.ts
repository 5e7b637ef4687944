import type { HostName } from '../../openstack/names.ts';
import type { StepContext } from '../command.ts';
import { blocked, type Json, later, type Outcome, unproven } from '../outcome.ts';
import { opensAt, windowOf } from '../window.ts';
import { anotherHost } from './another-host.ts';
import { explain } from './explain.ts';
import { hostLease } from './host-lease.ts';
import { fingerprint, type Look, look } from './look.ts';
import { type MoveInput, MoveIntent } from './move-intent.ts';
import { abortMove, askMove, confirmMove, forceMove, stored } from './move-requests.ts';
import { nextAct } from './move-rules.ts';
import type { MoveAct, MoveView } from './move-view.ts';
import { staysPut } from './stays-put.ts';

/** What changed last, and when; how little memory was ever left to copy, and how many looks ago that was. */
interface Watch {
  readonly print: string;
  readonly since: Date;
  readonly least: number;
  readonly looks: number;
}

/** A copy that has not got smaller in so many looks is asked about. */
const stuckLooks = 30;

/** Moves one server off its host: looks, decides, asks, looks, until it is proven or can be no more. */
export async function move(input: MoveInput, context: StepContext): Promise<Outcome> {
  const totalEnd = await drainEnds(input, context);
  let intent = readIntent(context.checkpoint);
  const early = intent === null ? beforeWindow(input, totalEnd, context.now()) : null;
  if (early !== null) return early;
  let watch: Watch = { print: '', since: context.now(), least: Number.POSITIVE_INFINITY, looks: 0 };
  /** Undefined: nothing was asked. */
  let said: MoveView['said'] | undefined;
  for (;;) {
    const seen = await look(context.cloud, input, intent);
    watch = watchOn(watch, seen, context.now());
    const act = seen.seen
      ? nextAct(await viewOf({ input, intent, seen, watch, totalEnd, said: said ?? null }, context))
      : unseenAct(seen.why, totalEnd, context.now());
    if (act.act === 'end') return act.outcome;
    if (act.act === 'explain') return explain(input, intent, act, context.cloud);
    if (act.act === 'retry') {
      const again = await anotherHost(input, act.avoid, context);
      if (again === null) return explain(input, intent, { migration: act.migration, note: '' }, context.cloud);
      intent = await sendAgain({ input, intent, seen, context }, again);
    } else if (act.act === 'inquire') said = await context.inquire(act.question);
    else {
      if (said !== undefined && watch.looks === 0) said = await takeBack(context);
      intent = await perform(act, { input, intent, seen, context });
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

/** It gets smaller again: nobody needs to answer. */
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
    stuck: watch.looks >= stuckLooks,
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
  readonly context: StepContext;
}

type Doable = Exclude<MoveAct, { act: 'end' | 'explain' | 'retry' | 'inquire' }>;

async function perform(act: Doable, { input, intent, seen, context }: Doing): Promise<MoveIntent | null> {
  switch (act.act) {
    case 'wait':
      context.progress(act.note);
      if (act.intent !== undefined) await context.remember(stored(act.intent));
      return act.intent ?? intent;
    case 'live':
    case 'cold':
      return seen.seen && seen.server !== null
        ? askMove(input, { how: act.act, tries: act.tries, server: seen.server, migrations: seen.migrations }, context)
        : intent;
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

async function sendAgain(
  { input, intent, seen, context }: Doing,
  again: { host: HostName; avoid: HostName },
): Promise<MoveIntent | null> {
  if (!seen.seen || seen.server === null) return intent;
  context.progress(`did not arrive on ${again.avoid}; once more, to ${again.host}`);
  return askMove(input, { how: 'live', tries: 1, server: seen.server, migrations: seen.migrations, again }, context);
}

function watchOn(watch: Watch, seen: Look, now: Date): Watch {
  const print = fingerprint(seen);
  const left = seen.seen ? leftToCopy(seen) : null;
  const shrank = left === null || left < watch.least;
  return {
    print,
    since: print === watch.print ? watch.since : now,
    least: shrank ? (left ?? Number.POSITIVE_INFINITY) : watch.least,
    looks: shrank ? 0 : watch.looks + 1,
  };
}

/** Bytes of memory; null where nothing is being copied, or all of it has been. */
function leftToCopy({ migrations }: Extract<Look, { seen: true }>): number | null {
  const copy = migrations.find(({ status, memory }) => status === 'running' && memory !== null);
  return copy?.memory?.remainingBytes || null;
}

/** Waits for the next look. A `cancel-now`, which the first sleep tells, does not end the turn: what can be aborted is. */
async function rest(context: StepContext, intent: MoveIntent | null): Promise<void> {
  const { pollInterval } = context.cloud.settings;
  // A move that takes seconds is looked at often, one that takes minutes seldom: what follows it waits little longer.
  const asked = intent === null ? 0 : context.now().getTime() - intent.asked.at.getTime();
  try {
    await context.sleep(Math.min(pollInterval, Math.max(500, asked / 5)));
  } catch (reason) {
    if (!isAbortNow(context.signal)) throw reason;
  }
}

function isAbortNow(signal: AbortSignal): boolean {
  return signal.aborted && signal.reason === 'cancel-now';
}
