import { z } from 'zod';
import { HostName, ServerId } from '../../openstack/names.ts';
import type { StepContext } from '../command.ts';
import { ask, blocked, done, failed, type Json, type Outcome } from '../outcome.ts';
import { count, list } from '../words.ts';
import { serverOrNull } from './look.ts';
import { move } from './move.ts';
import { underway } from './move-view.ts';
import { all, unique } from './survey.ts';

export const NewcomersInput = z.object({
  host: HostName,
  planned: z.array(z.string()),
  block: z.union([z.literal('auto'), z.boolean()]),
});
type NewcomersInput = z.output<typeof NewcomersInput>;

/** One that came after the plan and was moved on, or not. */
const Over = z.object({ server: ServerId, name: z.string(), state: z.string(), note: z.string(), output: z.json() });
export const NewcomersOutput = z.object({ newcomers: z.array(Over) });

const Progress = z.object({
  /** Whom the question was about: nobody else is moved. */
  came: z.array(z.object({ server: ServerId, name: z.string() })),
  over: z.array(Over),
  /** The checkpoint of the move that goes on. */
  move: z.json(),
});
type Progress = z.output<typeof Progress>;

const answerWithin = 30 * 60_000;

/**
 * Who came to the host since the plan (built there before it was closed, moved there by another hand) was approved by
 * nobody: a person is asked, and exactly those that were shown are moved, one after the other.
 */
export async function newcomers(input: NewcomersInput, context: StepContext): Promise<Outcome> {
  const known = Progress.safeParse(context.checkpoint).data;
  // Begun once, it goes on: a move may have asked a question of its own since.
  if (known !== undefined && (known.over.length > 0 || known.move !== null)) return moveAll(input, known, context);
  if (context.answer !== null && known !== undefined) {
    return context.answer.choice === 'move' ? moveAll(input, known, context) : left(known, context.answer.by);
  }
  const came = await whoCame(input, context);
  if (came.length === 0) return done('nobody came meanwhile');
  await context.remember({ came, over: [], move: null });
  const names = came.map(({ name }) => name);
  return ask({
    text: `${count(came.length, 'server')} came to ${input.host} since the plan was made: ${list(names, 8)}. Move ${came.length === 1 ? 'it' : 'them'}, too?`,
    choices: [
      { choice: 'move', label: came.length === 1 ? 'Move it' : 'Move them' },
      { choice: 'leave', label: 'Leave them there' },
    ],
    fallback: 'leave',
    deadline: new Date(context.now().getTime() + answerWithin),
  });
}

/** Those that are still on their way are as good as there; who was moved away or deleted meanwhile is not asked about. */
async function whoCame({ host, planned }: NewcomersInput, { cloud }: StepContext): Promise<Progress['came']> {
  const [here, migrations] = await Promise.all([all(cloud.servers({ host })), cloud.migrations({ host })]);
  const known = new Set<string>([...planned, ...here.map(({ id }) => id)]);
  const coming = migrations.filter(
    ({ server, destination, status }) => destination === host && underway(status) && !known.has(server),
  );
  const found = await Promise.all(coming.map(({ server }) => serverOrNull(cloud, server)));
  const came = [...here, ...found.flatMap((server) => server ?? [])];
  return unique(came)
    .filter(({ id }) => !planned.includes(id))
    .map(({ id, name }) => ({ server: id, name }));
}

function left({ came }: Progress, by: string): Outcome {
  const names = came.map(({ name }) => name);
  const note = `came meanwhile; ${by} said to leave it`;
  const newcomers = came.map((one) => ({ ...one, state: 'blocked', note, output: null }));
  return blocked(`${list(names, 8)} came meanwhile; ${by} said to leave ${came.length === 1 ? 'it' : 'them'}`, {
    newcomers,
  });
}

async function moveAll(input: NewcomersInput, known: Progress, context: StepContext): Promise<Outcome> {
  let { over } = known;
  let begun = known.move;
  for (const one of known.came) {
    if (over.some(({ server }) => server === one.server)) continue;
    const wish = { server: one.server, from: input.host, how: 'cold' as const, block: input.block };
    const outcome = await move(wish, within(context, { ...known, over, move: begun }));
    if (outcome.state === 'ask' || outcome.state === 'later') return outcome;
    over = [...over, { ...one, state: outcome.state, note: outcome.note, output: z.json().parse(outcome.output) }];
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
