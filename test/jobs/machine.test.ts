import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hasEnded, JobState, mayMove } from '../../src/jobs/job.ts';
import type { Story } from '../story.ts';
import { openToyStory, type Toy, toy } from './toys.ts';

let story: Story;
let play: Toy;
beforeAll(async () => {
  play = toy();
  story = await openToyStory(play, { workers: 2 });
});
afterAll(() => story.stop());

test('nothing leaves an ended state, and every open one can end', () => {
  for (const from of JobState.options) {
    const ways = JobState.options.filter((to) => mayMove(from, to));
    expect(ways.length === 0).toBe(hasEnded(from));
    expect(ways).not.toContain(from);
  }
});

const people = ['alice', 'alice2', 'bob', 'carol', 'rita', 'nobody'] as const;
const act = fc.record({
  who: fc.constantFrom(...people),
  what: fc.constantFrom('approve', 'approve', 'deny', 'cancel'),
});

/**
 * Whoever says what at once, in whatever order it is taken: a job runs at most once, only after a valid yes of somebody
 * else and without a no before it, and it always comes to an end that its rows explain.
 */
test('many people deciding at once run a job at most once, and never against the rules', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 1, maxLength: 6 }), async (acts) => {
      play.log.length = 0;
      await story.say('alice', '!go a');
      const job = await story.lastJob();
      await Promise.all(acts.map(({ who, what }) => story.mutter(who, `!${what} ${job}`)));
      await story.until('it rests', async () => ['awaiting', 'done', 'cancelled'].includes(await story.state(job)));
      const state = await story.state(job);
      const audit = await story.database.rows
        .selectFrom('audit')
        .select(['kind', 'human', 'detail', 'seq'])
        .where('job', '=', job)
        .orderBy('seq')
        .execute();
      const yes = audit.filter(({ kind, detail }) => kind === 'vote' && detail.includes('"yes"'));
      const begun = audit.filter(({ kind }) => kind === 'begun');
      expect(begun.length).toBe(play.log.includes('a') ? 1 : 0);
      expect(play.log.filter((name) => name === 'a').length).toBeLessThanOrEqual(1);
      expect(yes.every(({ human }) => human === 'bob' || human === 'carol')).toBe(true);
      if (begun.length > 0) expect(yes.length).toBeGreaterThan(0);
      if (state === 'awaiting') expect(acts.every(({ who, what }) => mayNot(who, what))).toBe(true);
      if (state === 'awaiting') await story.say('alice', `!cancel ${job}`);
    }),
    { numRuns: 12 },
  );
}, 120_000);

/** What changes nothing: votes of the asker's own accounts, of readers and of strangers; cancels of those who may not ask. */
function mayNot(who: (typeof people)[number], what: string): boolean {
  const mine = who === 'alice' || who === 'alice2';
  if (what === 'cancel') return who === 'rita' || who === 'nobody';
  return mine || who === 'rita' || who === 'nobody';
}
