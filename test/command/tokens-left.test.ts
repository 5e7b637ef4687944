import { expect, test } from 'vitest';
import type { StepContext } from '../../src/command/command.ts';
import { sweepTokens } from '../../src/command/tokens/sweep-step.ts';
import type { SweepChunk, SweepMark, TokenSweep } from '../../src/openstack/cloud.ts';

/** Chunks of 1000 rows, a minute each; what the card says after every one. */
async function told(places: readonly string[], expected: number | null, from?: SweepMark): Promise<string[]> {
  const notes: string[] = [];
  let minutes = 0;
  const chunks = places.map((at): SweepChunk => ({ rows: 0, mark: { at, archived: 0, deleted: 0, parts: [] } }));
  let deleted = from?.deleted ?? 0;
  const sweep: TokenSweep = {
    next: async () => {
      const chunk = chunks.shift();
      return chunk === undefined ? null : { ...chunk, mark: { ...chunk.mark, deleted } };
    },
    remove: async () => {
      minutes += 1;
      deleted += 1000;
      return 1000;
    },
    brake: async () => null,
    slower: () => undefined,
    finish: async () => [],
    close: async () => undefined,
  };
  const context = {
    cloud: { name: 'prod', databases: { openSweep: async () => sweep, dumps: { servers: () => [] } } },
    job: { id: 'a1b2', human: 'alice', line: 'tokens purge' },
    checkpoint: from ?? null,
    signal: new AbortController().signal,
    cancelled: () => false,
    now: () => new Date(minutes * 60_000),
    act: (_intent: unknown, request: (limits: object) => Promise<number>) => request({}),
    progress: (note: string) => void notes.push(note),
  } as unknown as StepContext;
  const input = { table: 'token', cutoff: '', archive: false, purge: true, index: null, expected } as const;
  expect(await sweepTokens(input, context)).toMatchObject({ state: 'done' });
  return notes;
}

test('along an index the rows were counted: the time left is that of the others', async () => {
  expect(await told(['2026-01-01 00:00:00', '2026-01-02 00:00:00'], 4000)).toEqual([
    '1000 of 4000 rows, 17/s, about 3 min left',
    '2000 of 4000 rows, 17/s, about 1 min 59 s left',
  ]);
});

test('along the key nobody counted: the time left is that of the keys not yet walked', async () => {
  expect(await told(['', '4', '8', 'c0'], null)).toEqual([
    '1000 rows, 17/s',
    '2000 rows, 17/s, about 6 min left',
    '3000 rows, 17/s, about 3 min left',
    '4000 rows, 17/s, about 1 min 20 s left',
  ]);
});

test('a worker that goes on counts from where it began', async () => {
  const from = { at: '8', archived: 0, deleted: 9000, parts: [] };
  expect(await told(['8', 'c0'], null, from)).toEqual(['10000 rows, 17/s', '11000 rows, 17/s, about 2 min left']);
});

test('keys that are not hex promise nothing', async () => {
  expect(await told(['', 'Zm9v'], null)).toEqual(['1000 rows, 17/s', '2000 rows, 17/s']);
});
