import type { StepContext } from '../command.ts';
import { type Json, type Outcome, unproven } from '../outcome.ts';
import { explain } from './explain.ts';
import { hostLease } from './host-lease.ts';
import { fingerprint, type Look, look } from './look.ts';
import { type MoveInput, MoveIntent } from './move-intent.ts';
import { abortMove, askMove, confirmMove, stored } from './move-requests.ts';
import { nextAct } from './move-rules.ts';
import type { MoveAct, MoveView } from './move-view.ts';
import { staysPut } from './stays-put.ts';

interface Watch {
  readonly print: string;
  readonly since: Date;
}

/** Moves one server off its host: looks, decides, asks, looks, until it is proven or can be no more. */
export async function move(input: MoveInput, context: StepContext): Promise<Outcome> {
  const totalEnd = await drainEnds(input, context);
  let intent = readIntent(context.checkpoint);
  let watch: Watch = { print: '', since: context.now() };
  for (;;) {
    const seen = await look(context.cloud, input, intent);
    watch = watchOn(watch, seen, context.now());
    const act = seen.seen
      ? nextAct(await viewOf({ input, intent, seen, watch, totalEnd }, context))
      : unseenAct(seen.why, totalEnd, context.now());
    if (act.act === 'end') return act.outcome;
    if (act.act === 'explain') return explain(input, intent, act, context.cloud);
    intent = await perform(act, { input, intent, seen, context });
    await rest(context, intent);
  }
}

export function readIntent(checkpoint: Json): MoveIntent | null {
  const parsed = MoveIntent.safeParse(checkpoint);
  return parsed.success ? parsed.data : null;
}

/** The drain's total time counts from when it disabled the host; without that lease from this step's own start. */
async function drainEnds({ from }: MoveInput, { cloud, leases, startedAt }: StepContext): Promise<Date> {
  const lease = hostLease(await leases.find('host', from));
  const began = lease?.detail.drainBegan ?? startedAt;
  return new Date(began.getTime() + cloud.settings.totalDeadline);
}

interface Found {
  readonly input: MoveInput;
  readonly intent: MoveIntent | null;
  readonly seen: Extract<Look, { seen: true }>;
  readonly watch: Watch;
  readonly totalEnd: Date;
}

async function viewOf({ input, intent, seen, watch, totalEnd }: Found, context: StepContext): Promise<MoveView> {
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

type Doable = Exclude<MoveAct, { act: 'end' | 'explain' }>;

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
  }
}

function watchOn(watch: Watch, seen: Look, now: Date): Watch {
  const print = fingerprint(seen);
  return print === watch.print ? watch : { print, since: now };
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
