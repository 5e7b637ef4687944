import { afterEach, beforeEach, expect, test } from 'vitest';
import { ServerId } from '../../src/openstack/names.ts';
import { type FakeCloud, startFakeCloud } from './fake-cloud.ts';

const id = ServerId.parse('20bea6ea-58b1-40a5-bd82-a67023188df1');
let fake: FakeCloud;
beforeEach(async () => {
  fake = await startFakeCloud();
  fake.routes.set('GET /nova/v2.1/', () => ({
    body: { version: { id: 'v2.1', version: '2.100', min_version: '2.1' } },
  }));
});
afterEach(() => fake.close());

test('before 2026.1 Nova tells of shares only within the project: a plan goes on without them', async () => {
  const path = `GET /nova/v2.1/servers/${id}/shares`;
  const message = "Policy doesn't allow os_compute_api:os-server-shares:index to be performed.";
  fake.routes.set(path, () => ({ status: 403, body: { forbidden: { code: 403, message } } }));
  expect(await fake.connect().shares(id)).toBeNull();
  fake.routes.set(path, () => ({ body: { shares: [{ share_id: id, status: 'inactive', tag: id }] } }));
  expect(await fake.connect().shares(id)).toBe(1);
});
