import type { Accepted, Migration, RequestLimits, Server } from '../../openstack/cloud.ts';
import { type CloudProblem, OpenStackError } from '../../openstack/errors.ts';
import type { HostName } from '../../openstack/names.ts';
import type { StepContext } from '../command.ts';
import type { Json } from '../outcome.ts';
import { lanesOf } from './lane-rules.ts';
import type { MoveInput, MoveIntent } from './move-intent.ts';

/** It certainly did not happen, and asking again will not help. */
const final: readonly CloudProblem[] = ['bad-request', 'forbidden', 'unsupported', 'over-quota', 'credential-bad'];
/** It certainly did not happen; another time it may. */
const notNow: readonly CloudProblem[] = ['conflict', 'not-found', 'unauthorized'];
/** It certainly did not happen, for no reason of the server's own: this does not count as a try. */
const notHeard: readonly CloudProblem[] = ['not-sent', 'rate-limited'];

type Answer =
  | { readonly request: string | null; readonly refused: null }
  | { readonly request: null; readonly refused: Refused };

interface Refused {
  readonly why: string;
  readonly countsAs: 'last' | 'one' | 'none';
}

interface Asking {
  readonly how: MoveIntent['how'];
  readonly tries: number;
  /** A host of our choice, after it did not arrive at `avoid`; else Nova chooses. */
  readonly again?: { readonly host: HostName; readonly avoid: HostName };
  readonly server: Server;
  readonly migrations: readonly Migration[];
}

export async function askMove(input: MoveInput, asking: Asking, context: StepContext): Promise<MoveIntent> {
  const intent = await intentOf(input, asking, context);
  const host = asking.again?.host ?? input.to ?? null;
  const answer = await send(context, intent, (limits) =>
    asking.how === 'live'
      ? context.cloud.liveMigrate(input.server, { host, block: input.block }, limits)
      : context.cloud.coldMigrate(input.server, { host }, limits),
  );
  const after = { ...intent, request: answer.request, asked: { ...intent.asked, ...tried(answer, asking.tries) } };
  await context.remember(stored(after));
  return after;
}

async function intentOf(
  { from }: MoveInput,
  { how, tries, server, migrations, again }: Asking,
  { cloud, now, beside }: StepContext,
): Promise<MoveIntent> {
  const [action] = await cloud.actions(server.id);
  const newest = migrations.reduce<number | null>((highest, { id }) => Math.max(highest ?? id, id), null);
  return {
    how,
    seen: { migration: newest, action: action?.requestId ?? null, status: server.status },
    asked: { at: now(), tries, refused: null },
    request: null,
    migration: null,
    runningSince: null,
    confirm: null,
    abort: null,
    force: null,
    avoid: again?.avoid ?? null,
    lanes: lanesOf(from, beside()),
  };
}

interface Following {
  readonly intent: MoveIntent;
  readonly migration: number;
  readonly tries: number;
}

/** Confirms a cold move; the caller has seen that the finished migration is the one our own intent made. */
export async function confirmMove(
  input: MoveInput,
  { intent, migration, tries }: Following,
  context: StepContext,
): Promise<MoveIntent> {
  const confirming = { ...intent, migration, confirm: { at: context.now(), tries, refused: null } };
  const answer = await send(context, confirming, (limits) => context.cloud.confirmResize(input.server, limits));
  if (answer.refused === null) return confirming;
  const after = { ...confirming, confirm: { at: context.now(), ...tried(answer, tries) } };
  await context.remember(stored(after));
  return after;
}

export async function abortMove(
  input: MoveInput,
  { intent, migration, tries, why }: Following & { readonly why: string },
  context: StepContext,
): Promise<MoveIntent> {
  const aborting = { ...intent, migration, abort: { at: context.now(), tries, refused: null, why } };
  const answer = await send(context, aborting, (limits) =>
    context.cloud.abortMigration(input.server, migration, limits),
  );
  if (answer.refused === null) return aborting;
  const after = { ...aborting, abort: { at: context.now(), why, ...tried(answer, tries) } };
  await context.remember(stored(after));
  return after;
}

/** Once, and only because a person said so. */
export async function forceMove(
  input: MoveInput,
  { intent, migration, tries }: Following,
  context: StepContext,
): Promise<MoveIntent> {
  const forcing = { ...intent, migration, force: { at: context.now(), tries, refused: null } };
  const answer = await send(context, forcing, (limits) => context.cloud.forceComplete(input.server, migration, limits));
  if (answer.refused === null) return forcing;
  const after = { ...forcing, force: { at: context.now(), ...tried(answer, tries) } };
  await context.remember(stored(after));
  return after;
}

/** Sends what the intent says. An answer that was lost is no refusal: the next looks find out what became of it. */
async function send(
  context: StepContext,
  intent: MoveIntent,
  request: (limits: RequestLimits) => Promise<Accepted>,
): Promise<Answer> {
  try {
    const { requestId } = await context.act(stored(intent), request);
    return { request: requestId, refused: null };
  } catch (error) {
    if (!(error instanceof OpenStackError)) throw error;
    const countsAs = weigh(error.problem);
    return countsAs === null
      ? { request: null, refused: null }
      : { request: null, refused: { why: error.message, countsAs } };
  }
}

function weigh(problem: CloudProblem): Refused['countsAs'] | null {
  if (final.includes(problem)) return 'last';
  if (notNow.includes(problem)) return 'one';
  return notHeard.includes(problem) ? 'none' : null;
}

function tried({ refused }: Answer, tries: number): { tries: number; refused: string | null } {
  if (refused === null) return { tries, refused: null };
  const counted = { last: Number.MAX_SAFE_INTEGER - 1, one: tries, none: tries - 1 };
  return { tries: counted[refused.countsAs], refused: refused.why };
}

/** JSON as it will be stored: dates become texts, which `MoveIntent` reads again. */
export function stored(intent: MoveIntent): Json {
  return JSON.parse(JSON.stringify(intent)) as Json; // a plain value survives the round trip as plain JSON
}
