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
    const keep = (checkpoint: object, step: { step_key: string; name: string }) =>
      rows
        .updateTable('step')
        .set({ ...step, checkpoint: JSON.stringify(checkpoint) })
        .where('job', '=', job)
        .where('step_key', '!=', 'proof')
        .execute();
    await keep(intent, { step_key: `move:${server}`, name: 'move' });
    const history = historyOf(rows, 'demo');
    expect(await history.mover(server, 7)).toBe(job);
    expect(await history.mover(server, 8)).toBeNull();
    expect(await historyOf(rows, 'other').mover(server, 7)).toBeNull();
    // Of who came meanwhile: one whose move is over, and one whose move went on when the job ended.
    const [over, other] = [randomUUID(), randomUUID()];
    const came = [over, server, other].map((id) => ({ server: id, name: 'same' }));
    const ended = { server: over, name: 'same', state: 'unproven', note: '', output: null, migration: 6 };
    await keep({ came, over: [ended], move: intent }, { step_key: 'newcomers:cmp1', name: 'newcomers' });
    for (const [id, migration] of [
      [over, 6],
      [server, 7],
    ] as const)
      expect(await history.mover(id, migration)).toBe(job);
    for (const [id, migration] of [
      [over, 7],
      [other, 7],
      [server, 6],
    ] as const)
      expect(await history.mover(id, migration)).toBeNull();
    await rows.updateTable('job').set({ ended_at: null, state: 'running' }).where('id', '=', job).execute();
    expect(await history.mover(server, 7)).toBeNull();
  } finally {
    await story.stop();
  }
});
