import { afterEach, expect, test } from 'vitest';
import { z } from 'zod';
import approve from '../../commands/approve.ts';
import cancel from '../../commands/cancel.ts';
import { text } from '../../src/chat/report.ts';
import { change, positional, query, step } from '../../src/command/make.ts';
import { blocked, done, failed } from '../../src/command/outcome.ts';
import { register, registryOf } from '../../src/command/registry.ts';
import type { Cloud } from '../../src/openstack/cloud.ts';
import { openStory, type Story } from '../story.ts';

/** A cloud that is never asked: these stories are about jobs. */
const nowhere = { name: 'demo' } as Cloud;
const log: string[] = [];
let release: () => void = () => {};

const wait = change({
  summary: 'Wait until the test lets it go',
  examples: ['wait a'],
  role: 'operator',
  risk: 'disruptive',
  args: { what: positional(z.string(), 'what') },
  steps: {
    one: step(z.object({ name: z.string() }), async ({ name }, context) => {
      await context.act({ asked: name }, async () => log.push(`${context.job.id}:${name}`));
      if (name === 'slow')
        await new Promise<void>((resolve) => {
          release = resolve;
        });
      if (name === 'bad') return failed('it was bad');
      if (name === 'stuck') return blocked('it was stuck');
      return done(`did ${name}`);
    }),
  },
  plan: async ({ what }) => ({
    title: `wait for ${what}`,
    stages: [
      { name: 'go', lanes: 2, onFailure: 'continue' },
      { name: 'proof', always: true },
    ],
    steps: [
      ...what
        .split(',')
        .map((name) => ({ key: `one:${name}`, step: 'one' as const, input: { name }, stage: 'go', label: name })),
      { key: 'proof', step: 'one' as const, input: { name: 'proof' }, stage: 'proof', label: 'proof' },
    ],
    claims: [`thing:${what}`],
  }),
  report: (job) => ({
    title: `waited: ${job.state}`,
    tone: 'plain',
    blocks: job.steps.map((one) => text(`${one.label} ${one.state} ${one.note}`)),
  }),
});
const look = query({
  summary: 'Look',
  examples: ['look'],
  role: 'reader',
  args: {},
  answer: async () => ({ title: 'seen', tone: 'good', blocks: [] }),
});

const registry = registryOf([
  register('wait', wait),
  register('look', look),
  register('approve', approve),
  register('cancel', cancel),
]);
let story: Story;
afterEach(async () => {
  release();
  await story.stop();
});

async function open(): Promise<Story> {
  log.length = 0;
  story = await openStory({ registry, clouds: { demo: async () => nowhere } });
  return story;
}

test('a query is answered once, in its place', async () => {
  await open();
  expect((await story.say('rita', '!look')).title).toBe('seen');
  expect(story.room.posts).toHaveLength(1);
});

test('a disruptive plan waits for another person, then runs, and is proven', async () => {
  await open();
  const plan = await story.say('alice', '!wait a,b');
  expect(plan.title).toBe('wait for a,b');
  const job = await story.lastJob();
  expect((await story.say('alice', `!approve ${job}`)).title).toContain('somebody else');
  await story.say('bob', '!approve');
  await story.until('the end', async () => (await story.state(job)) === 'done');
  expect(log.sort()).toEqual([`${job}:a`, `${job}:b`, `${job}:proof`].sort());
});
