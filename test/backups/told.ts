import type { Stage } from '../stories/stage.ts';

/** All that was said, and every row that a backup leaves behind, as one text to look for secrets in. */
export async function everythingTold({ story }: Stage): Promise<string> {
  const { rows } = story.database;
  return JSON.stringify([
    story.room.posts.map(({ history }) => history),
    await rows.selectFrom('job').selectAll().execute(),
    await rows.selectFrom('step').selectAll().execute(),
    await rows.selectFrom('backup').selectAll().execute(),
    await rows.selectFrom('audit').selectAll().execute(),
    await rows.selectFrom('delivery').selectAll().execute(),
  ]);
}
