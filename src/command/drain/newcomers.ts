import { z } from 'zod';
import type { Server } from '../../openstack/cloud.ts';
import { HostName, ServerId } from '../../openstack/names.ts';
import type { StepContext } from '../command.ts';
import { ask, blocked, done, failed, type Json, type Outcome } from '../outcome.ts';
import { count, list } from '../words.ts';
import { judge } from './judge.ts';
import { serverOrNull } from './look.ts';
import { move, readIntent } from './move.ts';
import { underway } from './move-view.ts';
import { groupsOf, readFacts } from './server-facts.ts';
import { all, isTaking, unique } from './survey.ts';

export const NewcomersInput = z.object({
  host: HostName,
  planned: z.array(z.string()),
  block: z.union([z.literal('auto'), z.boolean()]),
  /** Guests' own wishes bind where the policy lists their project. */
  heed: z.boolean().default(true),
});
type NewcomersInput = z.output<typeof NewcomersInput>;

/** One that came after the plan and was moved on, or not. */
const Over = z.object({
  server: ServerId,
  name: z.string(),
  project: z.string().exactOptional(),
  state: z.string(),
  note: z.string(),
  output: z.json(),
  /** The one that its move was to vigie, however that ended. */
  migration: z.number().exactOptional(),
});
type Over = z.output<typeof Over>;
export const NewcomersOutput = z.object({ newcomers: z.array(Over) });

const Came = z.object({
  server: ServerId,
  name: z.string(),
  project: z.string().exactOptional(),
  /** Why it is not moved, by the rules of a plan; null where it may be. */
  stays: z.string().nullable().default(null),
  interrupts: z.literal(true).exactOptional(),
  window: z.string().exactOptional(),
});
type Came = z.output<typeof Came>;

const Progress = z.object({
  /** Whom the question was about: nobody else is moved. */
  came: z.array(Came),
  over: z.array(Over),
  /** The checkpoint of the move that goes on. */
  move: z.json(),
});
type Progress = z.output<typeof Progress>;

const answerWithin = 30 * 60_000;
/** Characters for all that would be moved: what a chat would cut off is not approved. */
const room = 1600;
const tooMany = 'too many came for one question: it needs the next `maintenance`';

/**
 * Who came to the host since the plan (built there before it was closed, moved there by another hand) was approved by
 * nobody: a person is asked, and exactly those that were shown are moved, one after the other. What a plan would have
 * left (its owner's wish, its hardware, a protection) is shown and left.
 */
export async function newcomers(input: NewcomersInput, context: StepContext): Promise<Outcome> {
  const known = Progress.safeParse(context.checkpoint).data;
  // Begun once, it goes on: a move may have asked a question of its own since.
  if (known !== undefined && (known.over.length > 0 || known.move !== null)) return moveAll(input, known, context);
  if (context.answer !== null && known !== undefined) {
    return context.answer.choice === 'move' ? moveAll(input, known, context) : left(known, context.answer.by);
  }
  const came = asFarAsShown(await whoCame(input, context));
  if (came.length === 0) return done('nobody came meanwhile');
  const movable = came.filter(({ stays }) => stays === null);
  const news = `${count(came.length, 'server')} came to ${input.host} since the plan was made`;
  if (movable.length === 0) return blocked(`${news}: ${list(came.map(staying), 8)}`, { newcomers: came.map(stayed) });
  await context.remember(plain({ came, over: [], move: null }));
  const it = movable.length === 1 ? 'it' : 'them';
  const rest = came.flatMap((one) => (one.stays === null ? [] : [staying(one)]));
  const others = rest.length === 0 ? '' : ` Not to be moved: ${list(rest, 8)}.`;
  return ask({
    text: `${news}. Move ${movable.map(shown).join(', ')}, too?${others}`,
    choices: [
      { choice: 'move', label: `Move ${it}` },
      { choice: 'leave', label: 'Leave them there' },
    ],
    fallback: 'leave',
    deadline: new Date(context.now().getTime() + answerWithin),
  });
}

function asFarAsShown(came: readonly Came[]): Came[] {
  let left = room;
  return came.map((one) => {
    if (one.stays === null) left -= shown(one).length;
    return one.stays === null && left < 0 ? { ...one, stays: tooMany } : one;
  });
}

function shown({ name, server }: Came): string {
  return `${name} ${server}`;
}

/** Those that are still on their way are as good as there; who was moved away or deleted meanwhile is not asked about. */
async function whoCame(input: NewcomersInput, context: StepContext): Promise<Came[]> {
  const { host, planned } = input;
  const { cloud } = context;
  const [here, migrations] = await Promise.all([all(cloud.servers({ host })), cloud.migrations({ host })]);
  const known = new Set<string>([...planned, ...here.map(({ id }) => id)]);
  const coming = migrations.filter(
    ({ server, destination, status }) => destination === host && underway(status) && !known.has(server),
  );
  const found = await Promise.all(coming.map(({ server }) => serverOrNull(cloud, server)));
  const came = [...here, ...found.flatMap((server) => server ?? [])];
  return judged(
    unique(came).filter(({ id }) => !planned.includes(id)),
    input,
    context,
  );
}

/** By the very rules of a plan; those that wait for a window last, so that nobody waits behind them. */
async function judged(
  servers: readonly Server[],
  { host, block, heed }: NewcomersInput,
  context: StepContext,
): Promise<Came[]> {
  if (servers.length === 0) return [];
  const { cloud } = context;
  const others = (await cloud.services({ binary: 'nova-compute' })).filter((one) => one.host !== host && isTaking(one));
  const around = { host, others, block, ...(await groupsOf(servers, await cloud.serverGroups(), cloud)) };
  const { facts } = await readFacts(servers, heed, context);
  const came = facts.map((one): Came => {
    const { server, owner, wish } = one;
    // Where one that is on its way is now does not count for Placement.
    const { how, interrupts, why } = judge(server.host === host ? one : { ...one, candidates: null }, around);
    const window = wish?.binds === true ? wish.window?.words : undefined;
    return {
      server: server.id,
      name: server.name,
      project: owner,
      stays: how === null ? why : null,
      ...(interrupts && { interrupts }),
      ...(window !== undefined && { window }),
    };
  });
  return came.toSorted((a, b) => Number(a.window !== undefined) - Number(b.window !== undefined));
}

function staying({ name, server, stays }: Came): string {
  return `${name} ${server} (${stays})`;
}

function stayed({ server, name, project, stays }: Came): Over {
  const note = `came meanwhile; ${stays}`;
  return { server, name, ...(project !== undefined && { project }), state: 'blocked', note, output: null };
}

function left({ came }: Progress, by: string): Outcome {
  const names = came.map(({ name }) => name);
  const newcomers = came.map((one) => stayed({ ...one, stays: one.stays ?? `${by} said to leave it` }));
  return blocked(`${list(names, 8)} came meanwhile; ${by} said to leave ${came.length === 1 ? 'it' : 'them'}`, {
    newcomers,
  });
}

async function moveAll(input: NewcomersInput, known: Progress, context: StepContext): Promise<Outcome> {
  let { over } = known;
  let begun = known.move;
  for (const one of known.came) {
    if (over.some(({ server }) => server === one.server)) continue;
    if (one.stays !== null) {
      over = [...over, stayed(one)];
      continue;
    }
    const { server, interrupts, window } = one;
    const bounds = { ...(interrupts && { interrupts }), ...(window !== undefined && { window }) };
    const wish = { server, from: input.host, how: 'cold' as const, block: input.block, ...bounds };
    const part = within(context, { ...known, over, move: begun });
    const outcome = await move(wish, part);
    if (outcome.state === 'ask' || outcome.state === 'later') return outcome;
    const output = z.json().parse(outcome.output);
    const made = readIntent(part.checkpoint)?.migration ?? null;
    const ended = { state: outcome.state, note: outcome.note, output, ...(made !== null && { migration: made }) };
    over = [...over, { ...stayed(one), ...ended }];
    begun = null;
    await context.remember(plain({ ...known, over, move: null }));
  }
  const output = plain({ newcomers: over });
  const bad = over.filter(({ state }) => state !== 'done' && state !== 'gone');
  if (bad.length === 0) return done(`${count(over.length, 'server')} that came meanwhile moved on`, output);
  return failed(
    list(
      bad.map(({ name, note }) => `${name}: ${note}`),
      5,
    ),
    output,
  );
}

/** The migration that a step of newcomers, by its checkpoint, made of this server; null where it made none. */
export function newcomersMigration(checkpoint: Json, server: string): number | null {
  const known = Progress.safeParse(checkpoint).data;
  const ended = known?.over.find((one) => one.server === server);
  if (known === undefined || ended !== undefined) return ended?.migration ?? null;
  // One after the other: what goes on belongs to the first that is not over.
  const current = known.came.find((one) => known.over.every((other) => other.server !== one.server));
  return current?.server === server ? (readIntent(known.move)?.migration ?? null) : null;
}

/** The same context, whose checkpoint is only the part of the move that goes on. */
function within(context: StepContext, progress: Progress): StepContext {
  let part: Json = progress.move;
  const whole = (move: Json) => plain({ ...progress, move });
  return {
    ...context,
    get checkpoint() {
      return part;
    },
    act(intent, request) {
      part = intent;
      return context.act(whole(intent), request);
    },
    async remember(checkpoint) {
      part = checkpoint;
      await context.remember(whole(checkpoint));
    },
  };
}

function plain(value: object): Json {
  return JSON.parse(JSON.stringify(value)) as Json; // a plain value survives the round trip as plain JSON
}
