import { afterEach, expect, test, vi } from 'vitest';
import { onLab, openStage, type Stage } from './stage.ts';

vi.setConfig({ testTimeout: 120_000 });

const rounds = 6;
let stage: Stage;
afterEach(() => stage?.close());

test.skipIf(onLab)(
  'of two hosts that each were the last to spare one is emptied, begun at once on two workers',
  async () => {
    const { story, spares } = await withTwoToSpare();
    for (let round = 1; round <= rounds; round += 1) {
      const plans = await Promise.all(spares.map(async (host) => (await stage.plan(`maintenance ${host}`)).job));
      await Promise.all(plans.map((job) => stage.approve(job)));
      const ran = await Promise.all(plans.map((job) => stage.ended(job)));
      expect(ran.map(({ state }) => state).toSorted(), `round ${round}`).toEqual(['done', 'failed']);
      expect(ran.find(({ state }) => state === 'failed')?.words).toMatch(/N-1 is lost: zone nova: if cmp. fails/);
      const closed = spares.filter((_, n) => ran[n]?.state === 'done');
      for (const host of closed) expect((await stage.run(`maintenance ${host} off --unchecked`)).state).toBe('done');
    }
    expect(await story.database.rows.selectFrom('claim').selectAll().execute()).toEqual([]);
  },
);

/** Four hosts: two so full that neither could take the other's disk, and two that could take one each. */
async function withTwoToSpare(): Promise<{ story: Stage['story']; spares: string[] }> {
  stage = await openStage({ simulator: { hosts: 4 } }, { workers: 2 });
  const { cloud, story } = stage;
  const hosts: string[] = [];
  for (let n = 0; n < 4; n += 1) hosts.push(await cloud.ownHost());
  await cloud.control?.flavor({ name: 'wide', disk: 4500 });
  for (const host of hosts.slice(0, 2)) await cloud.control?.createServer({ name: `on-${host}`, host, flavor: 'wide' });
  return { story, spares: hosts.slice(2) };
}
