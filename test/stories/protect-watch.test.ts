import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Report } from '../../src/chat/report.ts';
import { dbIn } from '../../src/jobs/store.ts';
import { openApi } from '../clouds/api.ts';
import { storyPolicy } from '../story.ts';
import { openStage, type Stage, wordsOf } from './stage.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 300_000 });

let stage: Stage;
let host: string;

beforeAll(async () => {
  stage = await openStage({ settings: { watchInterval: 1000 } }, { policy: `${storyPolicy}operations: 'test:room'\n` });
  host = await stage.cloud.ownHost();
});
afterAll(() => stage?.close());

/** What was told about a server beside the answers to lines, oldest first. */
function told(words: string): Report[] {
  return stage.story.room.posts
    .filter(({ options: { key } }) => key.startsWith('drift:') || key.startsWith('lease:'))
    .map(({ report }) => report)
    .filter((report) => wordsOf(report).includes(words));
}

async function hears(words: string, times = 1): Promise<Report> {
  await stage.story.until(`it is told: ${words}`, () => told(words).length >= times, 60_000);
  expect(told(words)).toHaveLength(times);
  return told(words).at(-1) ?? { title: '', tone: 'plain', blocks: [] };
}

/** As somebody at the database would. */
async function write(id: string, flag: 0 | 1): Promise<void> {
  for (const dsn of Object.values(stage.cloud.dsns.cells)) {
    const cell = await createConnection(dsn);
    await cell.query('UPDATE instances SET disable_terminate = ? WHERE uuid = ? AND deleted = 0', [flag, id]);
    await cell.end();
  }
}

test('a lock that another takes off is told once, with who asked Nova and its request', async () => {
  const { cloud } = stage;
  const { id, name } = await cloud.server('locked', host);
  await stage.say('alice', `protect ${id} --lock --reason precious`);
  const { status } = await cloud.act(id, { unlock: null }, openApi(cloud.authUrl, 'ops', 'alpha'));
  expect(status).toBe(202);
  const report = await hears(`alice: ${name} is no longer locked: vigie’s lock was taken off`);
  expect(wordsOf(report)).toMatch(/unlock by ops \([0-9a-f]{32}\), \d{4}-.* UTC, request req-[0-9a-f-]{36}/);
  expect(wordsOf(report)).toContain('(precious)');
  expect(report.replies?.[0]?.line).toContain(`protect ${id} --lock`);

  // Many looks later it is still told once; put back, it is well again, and a second time is told anew.
  await write(id, 0);
  await hears(`alice: ${name} can be deleted: its flag was cleared, not by vigie`);
  await hears(`alice: ${name} is no longer locked`);
  expect(await stage.say('alice', `protect ${id} --lock`)).toContain('is protected');
  await cloud.act(id, { unlock: null }, openApi(cloud.authUrl, 'ops', 'alpha'));
  await hears(`alice: ${name} is no longer locked`, 2);
  await stage.say('alice', `unprotect ${id}`);
});

test('a flag cleared by hand, and the server deleted after it: each is told, and the record is ended by the line offered', async () => {
  const { cloud } = stage;
  const { id, name } = await cloud.server('lost', host);
  await stage.say('alice', `protect ${id} --reason "the only copy"`);
  await write(id, 0);
  expect(wordsOf(await hears(`${name} can be deleted`))).toContain('somebody wrote into the database');
  expect((await openApi(cloud.authUrl, 'ops', 'alpha').call('DELETE', `/servers/${id}`)).status).toBe(204);
  const report = await hears(`${name} is deleted`);
  expect(wordsOf(report)).toMatch(/delete by ops \(.*request req-/);
  expect(report.replies?.[0]?.line).toContain(`unprotect ${id}`);
  expect(await stage.say('alice', `unprotect ${id}`)).toContain('no longer protected');
  expect(await stage.say('rita', `audit ${id}`)).toContain('drift');
});

test('a flag that vigie has no record of is told to the operators, once', async () => {
  const { id, name } = await stage.cloud.server('by-hand', host);
  await write(id, 1);
  const report = await hears(`${name} (${id.slice(0, 8)})`);
  expect(report.title).toMatch(/disable_terminate set, and no record of vigie/);
  expect(await stage.say('alice', `protect ${id} --reason "was by hand"`)).toContain('is protected');
  await hears(`${name} (${id.slice(0, 8)})`);
  await write(id, 0);
  await stage.say('alice', `unprotect ${id}`);
});

test('before a protection ends its owner is reminded, and at its end the place; nothing is undone', async () => {
  const { cloud, story } = stage;
  const { id, name } = await cloud.server('for-a-while', host);
  await stage.say('alice', `protect ${id} --until 4h --reason "a while"`);
  const times = (past: number, left: number) => {
    return { since: dbIn(past), taken_at: dbIn(past), until: dbIn(left) };
  };
  const lease = story.database.rows.updateTable('lease').where('subject', '=', id);
  await lease.set(times(-3.5 * 3_600_000, 0.5 * 3_600_000)).execute();
  const reminder = await hears(`alice: the protection of server ${name} (${id}) ends in 30 min`);
  expect(reminder.replies?.[0]?.line).toContain(`unprotect ${id}`);
  await lease.set(times(-4 * 3_600_000, -1000)).execute();
  await hears(`the protection of server ${name} (${id}) was to end`);
  expect((await cloud.owner.call('DELETE', `/servers/${id}`)).status).toBe(204);
  expect(await cloud.show(id)).toMatchObject({ status: 'ACTIVE' });
  await stage.say('alice', `unprotect ${id}`);
});
