import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { StepContext, Underway } from '../../src/command/command.ts';
import { done, type Outcome } from '../../src/command/outcome.ts';
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

/** Asks until it may, and says why it had to wait. */
async function takes(
  context: StepContext,
  heard: (why: string) => void,
  work: () => Promise<Outcome> = async () => done('took its turn'),
): Promise<Outcome> {
  for (;;) {
    const lane = await context.takeLane((others) => others.every(holdsNothing), work);
    if ('did' in lane) return lane.did;
    heard(lane.waits);
    await context.sleep(20);
  }
}

test('two whose requests were lost ask again one after the other: neither holds a place while it waits for one', async () => {
  const both = gate();
  for (const name of ['a', 'b']) {
    play.steps[name] = async (context) => {
      await context.act({ asked: name }, async () => play.log.push(name));
      if (play.log.length === 2) both.open();
      await both.opened;
      return takes(context, () => undefined);
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
  const [asking, answered, waits] = [gate(), gate(), gate()];
  play.steps['a'] = (context) =>
    takes(
      context,
      () => undefined,
      async () => {
        asking.open();
        await answered.opened;
        play.log.push('a asked');
        return done('nothing was to be asked');
      },
    );
  play.steps['b'] = async (context) => {
    await asking.opened;
    const heard = (why: string) => {
      play.log.push(why);
      waits.open();
    };
    return takes(context, heard, async () => done(`after ${new Set(play.log).size}`));
  };
  const job = await approved(story, 'a,b');
  await waits.opened;
  answered.open();
  expect(await endedAs(story, job, 'done')).toEqual([
    'a done nothing was to be asked',
    'b done after 2',
    'proof done did proof',
  ]);
});

test('what a step had asked for holds its place, also once the step had to be let go of', async () => {
  const asked = gate();
  let tries = 0;
  play.steps['a'] = async (context) => {
    tries += 1;
    if (tries > 1) return done('taken up again');
    await context.act({ asked: 'a' }, async () => undefined);
    asked.open();
    throw new Conflict('the database let nobody through');
  };
  play.steps['b'] = async (context) => {
    await asked.opened;
    // It looks on while the other is no longer among those that go.
    await delay(200);
    const lane = await context.takeLane(
      (others) => others.every(holdsNothing),
      async () => 'and took it',
    );
    return done(`saw its place ${'did' in lane ? lane.did : 'held'}`);
  };
  const job = await approved(story, 'a,b');
  expect(await endedAs(story, job, 'done')).toEqual([
    'a done taken up again',
    'b done saw its place held',
    'proof done did proof',
  ]);
});

test('who waits for its turn says what for: a freeze is no queue', async () => {
  const frozen = gate();
  const heard = new Set<string>();
  play.steps['a'] = async (context) => {
    await frozen.opened;
    return takes(context, (why) => heard.add(why));
  };
  const job = await approved(story, 'a');
  await story.until('it runs', async () => (await story.state(job)) === 'running');
  await story.say('carol', '!freeze incident 12');
  frozen.open();
  await story.until('it waits', () => heard.size > 0);
  expect([...heard]).toEqual(['frozen by carol: incident 12']);
  await story.say('bob', '!thaw');
  await endedAs(story, job, 'done');
});
