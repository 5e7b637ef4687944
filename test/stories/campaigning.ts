import { expect } from 'vitest';
import { onLab, type Stage, wordsOf } from './stage.ts';

/** How long a host may take to be emptied or opened, ms. */
const patience = onLab ? 240_000 : 60_000;

/** Asked by alice, approved by bob and carol; its id. */
export async function begin(stage: Stage, line: string): Promise<string> {
  const { job, words } = await stage.plan(`campaign add ${line}`);
  await stage.say('bob', `approve ${job}`);
  expect(await stage.story.state(job), words).toBe('awaiting');
  await stage.say('carol', `approve ${job}`);
  expect((await stage.ended(job)).state).toBe('done');
  return job;
}

/** Until somebody has read these words in the room. */
export async function told(stage: Stage, words: RegExp): Promise<void> {
  const said = () => stage.story.room.posts.some(({ report }) => words.test(wordsOf(report)));
  await stage.story.until(`${words}`, said, patience).catch(({ message }: Error) => {
    throw new Error(
      [message, 'what was said:', ...stage.story.room.posts.map(({ report }) => report.title)].join('\n  '),
    );
  });
}

/** The jobs that a campaign opened, the oldest first. */
export function children(stage: Stage, id: string) {
  return stage.story.database.rows
    .selectFrom('job')
    .select(['id', 'human', 'line', 'state'])
    .where('campaign', '=', id)
    .orderBy('created_at')
    .execute();
}
