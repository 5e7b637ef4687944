import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Place } from '../../src/chat/message.ts';
import { openAsked } from '../../src/jobs/asked.ts';
import type { Row } from '../../src/jobs/due.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('an answer that waits for one which never comes is looked for after three seconds, though nothing rings', async () => {
  const place: Place = { adapter: 'test', id: 'test:plain/ops', kind: 'channel' };
  const look = vi.fn();
  const asked = openAsked(look);
  asked.hear({ key: 'never', place });
  asked.hear({ key: 'next', place }).written();
  const row = { message_key: 'next', place_id: place.id } as Row;
  await vi.advanceTimersByTimeAsync(1);
  const due = () => asked.inTurn([row], performance.now());
  expect(due()).toEqual([]);
  await vi.advanceTimersByTimeAsync(2900);
  expect(due()).toEqual([]);
  expect(look).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(200);
  expect(look).toHaveBeenCalledOnce();
  expect(due()).toEqual([row]);
});
