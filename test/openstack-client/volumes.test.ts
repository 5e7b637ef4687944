import { afterEach, beforeEach, expect, test } from 'vitest';
import { type FakeCloud, startFakeCloud } from './fake-cloud.ts';

let fake: FakeCloud;
beforeEach(async () => {
  fake = await startFakeCloud();
});
afterEach(() => fake.close());

const connect = () => fake.connect({ endpointOverrides: { volume: `${fake.url}/volume/v3/p1` } });
const volume = (id: string) => `GET /volume/v3/p1/volumes/${id}`;

test('volumes are as large as Cinder says; one that is gone is not known, the others are', async () => {
  fake.routes.set(volume('a'), () => ({ body: { volume: { id: 'a', size: 20 } } }));
  fake.routes.set(volume('b'), () => ({ status: 404 }));
  expect(await connect().volumeSizes(['a', 'b'])).toEqual(new Map([['a', 20]]));
});

test('a cloud without Cinder tells of none, and one that forbids it is asked no further', async () => {
  expect(await fake.connect().volumeSizes(['a'])).toBeNull();
  const ids = Array.from({ length: 40 }, (_, n) => `v${n}`);
  for (const id of ids) fake.routes.set(volume(id), () => ({ status: 403 }));
  expect(await connect().volumeSizes(ids)).toEqual(new Map());
  expect(fake.seen.filter(({ path }) => path.startsWith('/volume/'))).toHaveLength(8);
});
