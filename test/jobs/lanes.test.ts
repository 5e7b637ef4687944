import { afterEach, beforeEach, expect, test } from 'vitest';
import type { StepContext, Underway } from '../../src/command/command.ts';
import { done, gone, type Outcome } from '../../src/command/outcome.ts';
import { openBell } from '../../src/jobs/take-lane.ts';
import { Conflict } from '../../src/mysql/database.ts';
import type { Story } from '../story.ts';
import { approved, endedAs, gate, openToyStory, type Toy, toy } from './toys.ts';

let story: Story;
let play: Toy;
beforeEach(async () => {
  play = toy();
  story = await openToyStory(play);
});
afterEach(() => story.stop());

/** What it wrote down holds a place, and so does who is about to ask. */
function holdsNothing({ checkpoint, asks }: Underway): boolean {
  return checkpoint === null && !asks;
}

interface Takes {
  work?(): Promise<Outcome>;
  /** What it knows is good for so long, ms. */
  goodFor?: number;
  /** It looks at the others, and may not. */
  waits?(): void;
}

/** Asks until it may; tells how often it was sent to look first. */
async function takes(
  context: StepContext,
  { work = async () => done('took its turn'), goodFor = 60_000, waits }: Takes = {},
): Promise<Outcome> {
  for (let looked = 0; ; looked += 1) {
    const lets = (others: readonly Underway[]) => {
      const free = others.every(holdsNothing);
      if (!free) waits?.();
      return free;
    };
    const lane = await context.takeLane({ lets, goodFor, work });
    if (lane !== null) return looked === 0 ? lane.did : done(`looked ${looked} times first`);
    if (context.cancelled()) return done('told to stop');
  }
}

test('two whose requests were lost ask again one after the other: neither holds a place while it waits for one', async () => {
  const both = gate();
  for (const name of ['a', 'b']) {
    play.steps[name] = async (context) => {
      await context.act({ asked: name }, async () => play.log.push(name));
      if (play.log.length === 2) both.open();
      await both.opened;
      return takes(context);
    };
  }
  const job = await approved(story, 'a,b');
  expect(await endedAs(story, job, 'done')).toEqual([
    'a done took its turn',
    'b done took its turn',
    'proof done did proof',
  ]);
});

test('a lane is held while what takes it is asked, however long that takes, and given back where nothing was asked', async () => {
  const [asking, waits] = [gate(), gate()];
  play.steps['a'] = (context) =>
    takes(context, {
      async work() {
        asking.open();
        await waits.opened;
        play.log.push('a asked');
        return done('nothing was to be asked');
      },
    });
  play.steps['b'] = async (context) => {
    await asking.opened;
    return takes(context, { waits: waits.open, work: async () => done(`after ${play.log.join(', ')}`) });
  };
  const job = await approved(story, 'a,b');
  expect(await endedAs(story, job, 'done')).toEqual([
    'a done nothing was to be asked',
    'b done after a asked',
    'proof done did proof',
  ]);
});

test('what a broken step had asked for holds its place: who waits for it is let go of, too, and the next worker goes on', async () => {
  const [asked, waits] = [gate(), gate()];
  let tries = 0;
  play.steps['a'] = async (context) => {
    tries += 1;
    if (tries > 1) {
      play.log.push('a was taken up again');
      return done('ended');
    }
    await context.act({ asked: 'a' }, async () => asked.open());
    await waits.opened;
    throw new Conflict('the database let nobody through');
  };
  play.steps['b'] = async (context) => {
    await asked.opened;
    return takes(context, { waits: waits.open, work: async () => done(`after ${play.log.join(', ')}`) });
  };
  const job = await approved(story, 'a,b');
  expect(await endedAs(story, job, 'done')).toEqual([
    'a done ended',
    'b done after a was taken up again',
    'proof done did proof',
  ]);
});

test('what ended before the cloud was through with it is seen by those beside it, and by the next worker', async () => {
  play.steps['a'] = async (context) => {
    await context.act({ asked: 'a' }, async () => undefined);
    return gone('was deleted meanwhile');
  };
  let tries = 0;
  play.steps['b'] = async (context) => {
    tries += 1;
    const left = () => context.beside().filter((other) => other.left);
    await story.until('a is left', () => left().length > 0);
    if (tries === 1) throw new Conflict('the database let nobody through');
    return done(JSON.stringify(left().map(({ checkpoint }) => checkpoint)));
  };
  const job = await approved(story, 'a,b');
  expect(await endedAs(story, job, 'done')).toEqual([
    'a gone was deleted meanwhile',
    'b done [{"asked":"a"}]',
    'proof done did proof',
  ]);
});

test('who waits for its turn says what for, and takes none while the cloud is frozen', async () => {
  const frozen = gate();
  play.steps['a'] = async (context) => {
    await frozen.opened;
    return takes(context, {
      async work() {
        play.log.push('took it');
        return done('took its turn');
      },
    });
  };
  const job = await approved(story, 'a');
  await story.until('it runs', async () => (await story.state(job)) === 'running');
  await story.say('carol', '!freeze incident 12');
  frozen.open();
  const steps = () => story.card(job)?.blocks.flatMap((block) => (block.kind === 'steps' ? block.steps : [])) ?? [];
  await story.until('its row says so', () => steps().some(({ note }) => note === 'frozen by carol: incident 12'));
  expect(play.log).toEqual([]);
  await story.say('bob', '!thaw');
  expect(await endedAs(story, job, 'done')).toEqual(['a done took its turn', 'proof done did proof']);
});

test('who waits for a lane takes it once it falls free; where what it knows is old by then, it looks first', async () => {
  play.stages = [{ ...play.stages[0], name: 'go', lanes: 3 }, ...play.stages.slice(1)];
  const [asked, waits] = [gate(), gate()];
  const waiting = new Set<string>();
  play.steps['a'] = async (context) => {
    await context.act({ asked: 'a' }, async () => asked.open());
    await waits.opened;
    return done('ended');
  };
  for (const [name, goodFor] of [
    ['b', 60_000],
    ['c', 0],
  ] as const)
    play.steps[name] = async (context) => {
      await asked.opened;
      return takes(context, {
        goodFor,
        waits() {
          if (waiting.add(name).size === 2) waits.open();
        },
      });
    };
  const job = await approved(story, 'a,b,c');
  expect(await endedAs(story, job, 'done')).toEqual([
    'a done ended',
    'b done took its turn',
    'c done looked 1 times first',
    'proof done did proof',
  ]);
});

test('who waits for a lane hears that the job was told to stop, and takes none that falls free with that', async () => {
  const waits = gate();
  play.steps['a'] = async (context) => {
    const lets = () => {
      waits.open();
      return context.cancelled();
    };
    const lane = await context.takeLane({ lets, goodFor: 60_000, work: async () => 'took it' });
    return done(lane?.did ?? 'told to stop');
  };
  const job = await approved(story, 'a');
  await waits.opened;
  await story.say('alice', `!cancel ${job}`);
  expect(await endedAs(story, job, 'done')).toEqual(['a done told to stop', 'proof done did proof']);
});

test('a bell wakes all that wait for it, each once, long before their time', async () => {
  const { ring, within } = openBell();
  const woken: string[] = [];
  const both = ['a', 'b'].map(async (name) => {
    await within(60_000);
    woken.push(name);
  });
  ring();
  ring();
  await Promise.all(both);
  expect(woken).toEqual(['a', 'b']);
  await within(1);
});
