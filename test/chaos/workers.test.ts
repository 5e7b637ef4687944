import { expect, test } from 'vitest';
import { seed, times } from '../setup/chance.ts';
import { type Chaos, strikeWorkers } from './moments.ts';

const moments = times(8);

test.concurrent(`a worker is killed at ${moments} moments of at most three drains: every server moves once`, async () => {
  expectTruth(await strikeWorkers({ how: 'kill', moments, servers: 24 }));
});

test.concurrent(`a worker is frozen for longer than its lease at ${moments} moments, and thawed: every server moves once`, async () => {
  expectTruth(await strikeWorkers({ how: 'freeze', moments, servers: 24 }));
});

test.concurrent(`anything happens at ${moments} moments: workers and bots die and freeze, the cloud errs, hangs, restarts`, async () => {
  expectTruth(await strikeWorkers({ how: 'anything', moments, servers: 24 }));
});

function expectTruth({ struck, drains, account, broken, auditWhole }: Chaos): void {
  console.info(`seed ${seed}: struck ${struck} times in ${drains.length} drains, ${account.moves} moves`);
  expect(account).toMatchObject({ twice: [], forgotten: [], unwritten: [], askedTwice: [] });
  expect(broken).toEqual({ ahead: [], together: [], overlapping: [] });
  expect(drains.every(({ state }) => state === 'done')).toBe(true);
  expect(auditWhole).toBe(true);
  expect(struck).toBe(moments);
}
