import { afterEach, beforeEach, expect, test } from 'vitest';
import { done, failed } from '../../src/command/outcome.ts';
import { Stage } from '../../src/command/plan.ts';
import type { Story } from '../story.ts';
import { approved, endedAs, gate, openToyStory, type Toy, toy } from './toys.ts';

let story: Story;
let play: Toy;
beforeEach(async () => {
  play = toy();
  play.stages = [
    { name: 'lead', lanes: 2, onFailure: 'continue', until: 'one' },
    { name: 'gate', lanes: 2, until: 'one' },
    { name: 'go', lanes: 2, onFailure: 'continue' },
    { name: 'proof', always: true },
  ];
  play.later = { gate: 'gate', x: 'go', y: 'go' };
  story = await openToyStory(play);
});
afterEach(() => story.stop());

/** A step that says that it was begun, and ends when it is let. */
function held(name: string) {
  const [begun, let_] = [gate(), gate()];
  play.steps[name] = async () => {
    play.log.push(name);
    begun.open();
    await let_.opened;
    return done();
  };
  return { begun: begun.opened, end: let_.open };
}

test('what follows a stage begins with the first of its steps that is done; the others go on, and what comes after waits for all', async () => {
  const [a, b, x] = [held('a'), held('b'), held('x')];
  const job = await approved(story, 'a,b,c,gate,x,y');
  await Promise.all([a.begun, b.begun]);
  expect(play.log.toSorted()).toEqual(['a', 'b']);
  b.end();
  await x.begun;
  // Two at a time, and a still goes.
  expect(play.log.toSorted()).toEqual(['a', 'b', 'c', 'gate', 'x']);
  x.end();
  await story.until('y', () => play.log.includes('y'));
  expect(play.log).not.toContain('proof');
  a.end();
  await endedAs(story, job, 'done');
  expect(play.log.at(-1)).toBe('proof');
});

test('where none of them is done all must have ended, and what stops there is what it always was', async () => {
  const tried: string[] = [];
  for (const name of ['a', 'b', 'c', 'gate']) {
    play.steps[name] = async () => {
      tried.push(name);
      return failed(`${name} failed`);
    };
  }
  const job = await approved(story, 'a,b,c,gate,x');
  expect(await endedAs(story, job, 'failed')).toContain('x blocked not started: an earlier step failed');
  expect([tried.slice(0, 3).toSorted(), tried.slice(3)]).toEqual([['a', 'b', 'c'], ['gate']]);
  expect(play.log).toEqual(['proof']);
});

test('a cancel begins nothing more, and what the first stage left is waited for before it is proven', async () => {
  const [a, b, asked, heard] = [held('a'), held('b'), gate(), gate()];
  play.steps['gate'] = async (context) => {
    asked.open();
    while (!context.cancelled()) await context.sleep(10);
    heard.open();
    return done();
  };
  const job = await approved(story, 'a,b,gate,x');
  await Promise.all([a.begun, b.begun]);
  a.end();
  await asked.opened;
  await story.say('alice', `!cancel ${job}`);
  await heard.opened;
  expect(play.log).not.toContain('proof');
  b.end();
  const words = await endedAs(story, job, 'cancelled');
  expect(words.filter((line) => /^[bx] /.test(line))).toEqual(['b done', 'x blocked cancelled by alice']);
  expect(play.log.toSorted()).toEqual(['a', 'b', 'proof']);
});

test('another worker takes up what the first stage left beside what follows it, and does nothing twice', async () => {
  const slow = gate();
  play.steps['a'] = async (context) => {
    if (context.checkpoint === null) await context.act({ asked: 1 }, async () => play.log.push('a'));
    slow.open();
    if (story.workers.length === 1) await context.sleep(60_000);
    await context.sleep(1);
    return done('did a');
  };
  const job = await approved(story, 'a,b,gate,x');
  await slow.opened;
  await story.until('what follows', () => play.log.includes('x'));
  await story.startWorker();
  await story.workers[0]?.stop();
  expect(await endedAs(story, job, 'done')).toContain('a done did a');
  expect(play.log.toSorted()).toEqual(['a', 'b', 'gate', 'proof', 'x']);
  expect(play.log.at(-1)).toBe('proof');
});

test('a plan that an older vigie stored says nothing of it: all of a stage must have ended', () => {
  expect(Stage.parse({ name: 'canary', lanes: 1, onFailure: 'continue', always: false }).until).toBe('all');
});
