import { afterEach, expect, test } from 'vitest';
import { insertNote } from '../../src/jobs/deliveries.ts';
import { OpenStackError } from '../../src/openstack/errors.ts';
import { cloudDatabases } from '../operators/cloud.ts';
import { dsnPassword, plantSecrets } from '../setup/secrets.ts';
import { openStory, room, type Story } from '../story.ts';

let story: Story;
const ends: Promise<unknown>[] = [];
afterEach(async () => {
  await Promise.allSettled(ends.splice(0));
});

/** How the story ends. */
async function end(): Promise<unknown> {
  const ended = story.stop().then(
    () => null,
    (error: unknown) => error,
  );
  ends.push(ended);
  return ended;
}

test('a story in which nothing secret was said ends in silence', async () => {
  story = await openStory({ workers: 0 });
  expect((await story.say('alice', '!whoami')).title).toContain('alice');
  expect(await end()).toBe(null);
});

test('a story that told a password fails, and says where it stands', async () => {
  story = await openStory({ workers: 0 });
  const report = { title: `connect with ${dsnPassword}`, tone: 'plain' as const, blocks: [] };
  await story.database.transaction((rows) => insertNote(rows, { key: 'leak', place: room, report }));
  await story.until('it is said', () => story.room.posts.some(({ report: { title } }) => title.includes('connect')));
  expect(String(await end())).toContain('the chat was told the password of a DSN');
});

test('a token in a row fails the story; in an error that is logged it is hidden', async () => {
  story = await openStory({ workers: 0 });
  const token = `gAAAAA${'x'.repeat(178)}`;
  story.log.error(
    { err: new OpenStackError({ problem: 'conflict', cloud: 'demo', request: 'GET', said: token }) },
    'no',
  );
  await story.database.rows
    .insertInto('freeze')
    .values({ cloud: 'demo', human: 'alice', reason: token, at: new Date() })
    .execute();
  expect(String(await end())).toContain('the table freeze holds a Fernet token');
});

test('a token that was purged while a story went is still looked for', async () => {
  const cloud = await cloudDatabases();
  const id = 'b'.repeat(32);
  await cloud.root.query(`INSERT INTO ${cloud.keystone.name}.token (id, valid) VALUES (?, 1)`, [id]);
  await plantSecrets({ cells: {}, keystone: cloud.keystone.url });
  story = await openStory({ workers: 0 });
  await cloud.root.query(`DELETE FROM ${cloud.keystone.name}.token`);
  const report = { title: `${id} is purged`, tone: 'plain' as const, blocks: [] };
  await story.database.transaction((rows) => insertNote(rows, { key: 'purged', place: room, report }));
  await story.until('it is said', () => story.room.posts.some(({ report: { title } }) => title.includes('purged')));
  expect(String(await end())).toContain('the chat was told the id of a token');
  await cloud.drop();
});
