import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { OperatorPool, RawRow, Statement } from '../../src/mysql/operator-pool.ts';
import { openSweep } from '../../src/mysql/token-sweep.ts';

const bounds = ['40', '80', 'c0'];

/** A keystone with three bounds between which each delete takes 60 ms. */
function slowKeystone(deletes: { began: number; ended: number }[]): OperatorPool {
  let asked = 0;
  const raw = async ({ sql }: Statement): Promise<RawRow[]> => {
    if (!sql.includes('AS bound')) return [[Buffer.from('1')]];
    const bound = bounds[asked++];
    return bound === undefined ? [] : [[Buffer.from(bound), Buffer.from('1')]];
  };
  const transaction = async (work: (session: never) => Promise<unknown>): Promise<unknown> => {
    const began = performance.now();
    await delay(60);
    const gone = await work({ write: async () => 5 } as never);
    deletes.push({ began, ended: performance.now() });
    return gone;
  };
  return { label: 'keystone', raw, transaction } as unknown as OperatorPool;
}

test('between two deletes of a sweep the server rests for half of the first one’s time', async () => {
  const deletes: { began: number; ended: number }[] = [];
  const parts = {
    cloud: 'demo',
    keystone: slowKeystone(deletes),
    replicas: [],
    place: () => {
      throw new Error('nothing is archived');
    },
    now: () => new Date(),
  };
  const order = { table: 'token', cutoff: '2026-11-01 00:00:00', archive: false, purge: true, index: null } as const;
  const sweep = await openSweep(parts, { ...order, job: '7f3a', human: 'alice' }, null);
  const limits = { signal: new AbortController().signal, notAfter: performance.now() + 60_000 };
  for (let chunk = await sweep.next(); chunk !== null; chunk = await sweep.next()) await sweep.remove(chunk, limits);
  await sweep.close();
  expect(deletes).toHaveLength(4);
  for (const [at, { began }] of deletes.slice(1).entries())
    expect(began - (deletes[at]?.ended ?? 0)).toBeGreaterThanOrEqual(25);
});
