import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { MoveIntent } from '../../src/command/drain/move-intent.ts';
import { historyOf } from '../../src/jobs/history.ts';
import { approved, endedAs, openToyStory, toy } from './toys.ts';

test('a migration is known by the job that made it once that has ended: until then the job confirms it itself', async () => {
  const story = await openToyStory(toy());
  try {
    const { rows } = story.database;
    const job = await approved(story, 'a');
    await endedAs(story, job, 'done');
    const server = randomUUID();
    const intent = MoveIntent.parse({
      how: 'cold',
      seen: { migration: null, action: null, status: 'SHUTOFF' },
      asked: { at: new Date(), tries: 1, refused: null },
      request: 'req-1',
      migration: 7,
      runningSince: null,
      confirm: null,
      abort: null,
    });
    await rows
      .updateTable('step')
      .set({ step_key: `move:${server}`, checkpoint: JSON.stringify(intent) })
      .where('job', '=', job)
      .where('step_key', '=', 'one:a')
      .execute();
    const history = historyOf(rows, 'demo');
    expect(await history.mover(server, 7)).toBe(job);
    expect(await history.mover(server, 8)).toBeNull();
    expect(await historyOf(rows, 'other').mover(server, 7)).toBeNull();
    await rows.updateTable('job').set({ ended_at: null, state: 'running' }).where('id', '=', job).execute();
    expect(await history.mover(server, 7)).toBeNull();
  } finally {
    await story.stop();
  }
});
