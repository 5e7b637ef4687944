import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { openBucket } from '../../adapters/irc/bucket.ts';

test('lines that are put together leave one in each turn, in order', async () => {
  const sent: string[] = [];
  const bucket = openBucket({ burst: 10, everyMs: 1 });
  bucket.open((line) => void sent.push(line));
  const said = ['one', 'two', 'three'].map((line) => bucket.put(line, { lane: 'answer', place: '#ops' }));
  const seen = [[...sent]];
  for (const _ of said) {
    await turn();
    seen.push([...sent]);
  }
  expect(seen.slice(0, 3)).toEqual([['one'], ['one', 'two'], ['one', 'two', 'three']]);
  await Promise.all(said);
  expect(bucket.idle()).toBe(true);
});

test('what waits for its turn when the connection is lost is not sent on the next one', async () => {
  const sent: string[] = [];
  const bucket = openBucket({ burst: 10, everyMs: 1 });
  bucket.open(() => {});
  const put = (line: string) => bucket.put(line, { lane: 'answer', place: '#ops' });
  const said = Promise.allSettled([put('one'), put('two')]);
  bucket.close(new Error('cut'));
  bucket.open((line) => void sent.push(line));
  await turn();
  await turn();
  expect((await said).map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  expect(sent).toEqual([]);
});
