import { expect, test, vi } from 'vitest';
import { strikeWorkers } from '../chaos/moments.ts';

vi.setConfig({ testTimeout: 300_000 });

// The short form of the group chaos: `bin/test chaos` strikes at more moments. Six servers, and one that has a fellow elsewhere.
test.concurrent('a worker is killed in the middle of a drain: another goes on, and every server moves once', async () => {
  const { account, broken, drains, struck } = await strikeWorkers({ how: 'kill', moments: 1, servers: 6 });
  expect(account).toMatchObject({ moves: 7, twice: [], forgotten: [], unwritten: [], askedTwice: [] });
  expect(drains).toMatchObject([{ state: 'done' }]);
  expect(broken).toEqual({ ahead: [], together: [], overlapping: [] });
  expect(struck).toBe(1);
});

test.concurrent('a worker is frozen for longer than its lease and thawed: it does nothing more, and every server moves once', async () => {
  const { account, broken, drains, struck } = await strikeWorkers({ how: 'freeze', moments: 1, servers: 6 });
  expect(account).toMatchObject({ moves: 7, twice: [], forgotten: [], unwritten: [], askedTwice: [] });
  expect(drains).toMatchObject([{ state: 'done' }]);
  expect(broken).toEqual({ ahead: [], together: [], overlapping: [] });
  expect(struck).toBe(1);
});
