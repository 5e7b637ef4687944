import { afterEach, beforeEach, expect, test } from 'vitest';
import { volumeSizes } from '../../src/openstack/cinder.ts';
import type { Session } from '../../src/openstack/session.ts';
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

test('a Cinder that answers for some and hangs for the rest holds nobody up: what it told in time is known', async () => {
  const asked: (AbortSignal | undefined)[] = [];
  const session: Pick<Session, 'find' | 'ask'> = {
    find: async () => ({ base: 'http://cinder', range: null }),
    async ask(_, { path, limits }) {
      if (path === '/volumes/a') return { status: 200, headers: {}, body: { volume: { size: 20 } }, requestId: null };
      asked.push(limits?.signal);
      return new Promise((_resolve, reject) =>
        limits?.signal.addEventListener('abort', () => reject(limits.signal.reason)),
      );
    },
  };
  const ids = ['a', ...Array.from({ length: 40 }, (_, n) => `v${n}`)];
  // Nothing else of a session is used.
  expect(await volumeSizes(session as Session, 'prod', ids, 30)).toEqual(new Map([['a', 20]]));
  expect(asked.map((signal) => signal?.aborted)).toEqual(Array(7).fill(true));
  const slow: Session['find'] = () => new Promise(() => {});
  expect(await volumeSizes({ ...session, find: slow } as Session, 'prod', ids, 30)).toEqual(new Map());
});
