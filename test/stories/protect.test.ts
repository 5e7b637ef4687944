import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Shown } from '../clouds/servers.ts';
import { openStage, type Stage } from './stage.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 300_000 });

let stage: Stage;
let host: string;
let plain: Shown;
let locked: Shown;

beforeAll(async () => {
  stage = await openStage();
  host = await stage.cloud.ownHost();
  plain = await stage.cloud.server('plain', host);
  locked = await stage.cloud.server('locked', host);
});
afterAll(() => stage?.close());

test('a protected server outlives a DELETE that Nova answers with success, and dies once let go', async () => {
  const { cloud } = stage;
  expect(await stage.say('alice', `protect ${plain.id} --reason "master database" --until 3d`)).toContain(
    'is protected',
  );
  expect((await cloud.owner.call('DELETE', `/servers/${plain.id}`)).status).toBe(204);
  expect(await cloud.remove(plain.id)).toBe(204);
  expect(await cloud.show(plain.id)).toMatchObject({ status: 'ACTIVE', task: null });
  expect(await stage.say('rita', 'protected')).toContain('master database');

  expect(await stage.say('alice', `unprotect ${plain.id}`)).toContain('no longer protected');
  expect(await cloud.remove(plain.id)).toBe(204);
  await cloud.until('it is gone', async () => (await cloud.admin.call('GET', `/servers/${plain.id}`)).status === 404);
});

test('--lock keeps the owner from stopping it; a lock of the owner stays as it was', async () => {
  const { cloud } = stage;
  await stage.say('alice', `protect ${locked.name} --lock --reason precious`);
  expect((await cloud.act(locked.id, { 'os-stop': null }, cloud.owner)).status).toBe(409);
  expect(await cloud.show(locked.id)).toMatchObject({ locked: true });
  await stage.say('alice', `unprotect ${locked.name}`);
  expect(await cloud.show(locked.id)).toMatchObject({ locked: false });

  await cloud.act(locked.id, { lock: { locked_reason: 'mine' } }, cloud.owner);
  await stage.say('alice', `protect ${locked.name} --lock`);
  await stage.say('alice', `unprotect ${locked.name}`);
  expect(await cloud.show(locked.id)).toMatchObject({ locked: true, lockedReason: 'mine' });
  await cloud.act(locked.id, { unlock: null });
});

test('--move keeps it on its host: a drain shows it as blocked, by whom, and leaves it', async () => {
  const { cloud } = stage;
  await stage.say('alice', `protect ${locked.name} --move --reason "licence is bound to the host"`);
  const { job, words } = await stage.plan(`maintenance ${host}`);
  expect(words).toMatch(new RegExp(`${locked.name}[^\\n]*blocked[^\\n]*alice`));
  await stage.approve(job);
  expect((await stage.ended(job)).state).toBe('partial');
  expect((await cloud.show(locked.id)).host).toBe(host);
  await stage.say('alice', `unprotect ${locked.name}`);
});

test('tokens count says how tokens are kept, and what grows instead of them', async () => {
  expect(await stage.say('rita', 'tokens count')).toMatch(/fernet/i);
});

test('the audit tells who did what to the server, and proves itself', async () => {
  expect(await stage.say('rita', `audit ${locked.name}`)).toContain('alice');
  expect(await stage.say('rita', 'audit verify')).toMatch(/whole|intact|proves|fits|unbroken/);
  await stage.story.database.rows.updateTable('audit').set({ human: 'mallory' }).where('seq', '=', 3).execute();
  expect(await stage.say('rita', 'audit verify')).toMatch(/\b3\b/);
});
