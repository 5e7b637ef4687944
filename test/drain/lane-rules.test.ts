import { expect, test } from 'vitest';
import type { Underway } from '../../src/command/command.ts';
import { mayAsk, mayPost, waitsAlone } from '../../src/command/drain/lane-rules.ts';
import type { MoveIntent } from '../../src/command/drain/move-intent.ts';
import { stored } from '../../src/command/drain/move-requests.ts';
import { anIntent, cmp1, cmp2, serverId } from './things.ts';

const now = new Date(100_000);

function one(intent: MoveIntent | null, startedAt = new Date(0), asks = false): Underway {
  return { key: 'move:x', checkpoint: intent === null ? null : stored(intent), startedAt, asks };
}

const running = one(anIntent({ runningSince: new Date(1) }));
const queued = one(anIntent());
const begins = one(null, new Date(95_000));
const asks = one(null, new Date(0), true);
const input = (how: string) => ({ server: serverId, from: cmp1, how, block: 'auto' });
const waitsForItsServer = one(null);
const cold = one(anIntent({ how: 'cold' }));

test('one live move waits ahead of those that run, never two', () => {
  expect(mayAsk({ how: 'live', from: cmp1 }, [running, running, cold, waitsForItsServer])).toBe(true);
  expect(mayAsk({ how: 'live', from: cmp1 }, [running, queued])).toBe(false);
  expect(mayAsk({ how: 'live', from: cmp1 }, [one(anIntent({ asked: { at: now, tries: 1, refused: '409' } }))])).toBe(
    true,
  );
});

test('who asks Nova has its place until it has written what for, however long that takes', () => {
  expect(mayAsk({ how: 'live', from: cmp1 }, [running, asks])).toBe(false);
  expect(mayAsk({ how: 'cold', from: cmp1 }, [cold, asks])).toBe(false);
  expect(mayPost(input('live'), [running, asks], now)).toBe(false);
});

test('who has just begun may ask first, and holds nobody up for long', () => {
  expect(mayPost(input('live'), [running, begins], now)).toBe(false);
  expect(mayPost(input('live'), [running, waitsForItsServer], now)).toBe(true);
  expect(mayAsk({ how: 'live', from: cmp1 }, [running, begins])).toBe(true);
});

test('one that goes live looks at its server before a place is free, where all that began have asked', () => {
  expect(mayPost(input('live'), [running, queued], now)).toBe(true);
  expect(mayPost(input('live'), [running, queued, cold], now)).toBe(true);
  // However long the one before it has waited.
  for (const other of [begins, asks, waitsForItsServer])
    expect(mayPost(input('live'), [running, queued, other], now)).toBe(false);
  // It holds no place from a cold one, and no other step's business is a move's.
  expect(mayPost(input('cold'), [cold, waitsForItsServer], now)).toBe(true);
  expect(mayPost(input('cold'), [cold, cold], now)).toBe(false);
  expect(mayPost(input('live'), [running, queued, { ...begins, key: 'gate' }], now)).toBe(true);
});

test('a lane that was lost with its move is refilled by none; what it left in the queue keeps nobody', () => {
  const knows = one(anIntent({ runningSince: new Date(1), lanes: { host: cmp1, most: 2, at: new Date(1) } }));
  const lost = { ...running, left: true as const };
  expect(mayAsk({ how: 'live', from: cmp1 }, [knows, queued])).toBe(true);
  expect(mayAsk({ how: 'live', from: cmp1 }, [knows, queued, lost])).toBe(false);
  // One ahead may always wait; who waits behind lost ones alone is alone.
  expect(mayAsk({ how: 'live', from: cmp1 }, [knows, lost])).toBe(true);
  expect(mayAsk({ how: 'live', from: cmp1 }, [{ ...queued, left: true }])).toBe(true);
  expect(waitsAlone(anIntent(), [lost])).toBe(true);
});

test('two cold moves at once, whatever moves live beside them', () => {
  expect(mayAsk({ how: 'cold', from: cmp1 }, [cold, queued, running])).toBe(true);
  expect(mayAsk({ how: 'cold', from: cmp1 }, [cold, cold])).toBe(false);
  expect(mayPost(input('cold'), [cold, begins], now)).toBe(false);
});

test('what waits in the queue is alone where no copy of the job runs', () => {
  expect(waitsAlone(anIntent(), [cold, waitsForItsServer])).toBe(true);
  expect(waitsAlone(anIntent(), [cold, running])).toBe(false);
  expect(waitsAlone(anIntent({ runningSince: now }), [])).toBe(false);
  expect(waitsAlone(null, [])).toBe(false);
});

test('once so many were seen to run at once, so many and one more may be on their way', () => {
  const knows = (most: number, at: number) =>
    one(anIntent({ runningSince: new Date(1), lanes: { host: cmp1, most, at: new Date(at) } }));
  expect(mayAsk({ how: 'live', from: cmp1 }, [knows(3, 1), queued])).toBe(true);
  expect(mayAsk({ how: 'live', from: cmp1 }, [knows(3, 1), queued, queued])).toBe(true);
  expect(mayAsk({ how: 'live', from: cmp1 }, [knows(3, 1), queued, queued, queued])).toBe(false);
  expect(mayAsk({ how: 'live', from: cmp1 }, [knows(3, 1), running, running, asks])).toBe(false);
  // The newest counts: another hand may have taken lanes since.
  expect(mayAsk({ how: 'live', from: cmp1 }, [knows(3, 1), knows(2, 2), queued])).toBe(false);
  // Where none runs, what waits does not wait for this job's.
  expect(mayAsk({ how: 'live', from: cmp1 }, [one(anIntent({ lanes: { host: cmp1, most: 3, at: now } }))])).toBe(false);
  expect(mayAsk({ how: 'cold', from: cmp1 }, [knows(3, 1), cold, cold])).toBe(false);
  // Of another host's lanes nothing is known.
  expect(mayAsk({ how: 'live', from: cmp2 }, [knows(3, 1), queued])).toBe(false);
});
