import { afterEach, expect, test } from 'vitest';
import type { Entry } from '../clouds/ground.ts';
import { onLab, openStage, type Stage } from './stage.ts';

let stage: Stage;
afterEach(() => stage?.close());

const waiting = ['accepted', 'queued'];
const copying = ['preparing', 'running'];

/** The most moves at once that were in one of these states. */
function most(journal: readonly Entry[], states: readonly string[]): number {
  const now = new Map<number, string>();
  return Math.max(
    ...journal.map(({ migration, status }) => {
      now.set(migration, status);
      return [...now.values()].filter((one) => states.includes(one)).length;
    }),
  );
}

test.skipIf(onLab)('a host that sends three guests at once is learnt: three run, one waits in its queue', async () => {
  stage = await openStage({ simulator: { lanes: 3, migrateSeconds: 30 } });
  const { cloud } = stage;
  const host = await cloud.ownHost();
  // One breaks on its way: what is sent again waits for its turn, too.
  const [, , , , unlucky] = await cloud.servers(10, host);
  await cloud.control?.migration({ fail: [{ phase: 'run', glob: unlucky?.name ?? '', times: 1 }] });
  expect((await stage.run(`maintenance ${host}`)).state).toBe('done');
  const journal = await cloud.journal();
  expect(most(journal, copying)).toBe(3);
  // Free places are filled at once; beyond them one waits.
  expect(most(journal, [...waiting, ...copying])).toBe(4);
});
