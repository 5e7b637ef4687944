import { afterEach, beforeEach, expect, test } from 'vitest';
import type { StepContext, Underway } from '../../src/command/command.ts';
import { done, type Outcome } from '../../src/command/outcome.ts';
import type { Story } from '../story.ts';
import { approved, endedAs, gate, openToyStory, type Toy, toy } from './toys.ts';

let story: Story;
let play: Toy;
beforeEach(async () => {
  play = toy();
  story = await openToyStory(play);
});
afterEach(() => story.stop());

/** What it wrote down holds a place, and so does who has just begun. */
function holdsNothing({ checkpoint, startedAt }: Underway): boolean {
  return checkpoint === null && startedAt.getTime() === 0;
}

/** Asks until it may, and says why it had to wait. */
async function takes(context: StepContext, heard: (why: string) => void): Promise<Outcome> {
  for (;;) {
    const why = await context.takeLane((others) => others.every(holdsNothing));
    if (why === null) return done('took its turn');
    heard(why);
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
