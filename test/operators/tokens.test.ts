import { afterEach, expect, test, vi } from 'vitest';
import { openStage, type Stage, wordsOf } from './stage.ts';

vi.setConfig({ testTimeout: 60_000 });

let stage: Stage;
afterEach(() => stage.close());

test('a cloud with UUID tokens: rows by state and by day', async () => {
  stage = await openStage({ servers: 1, tokens: 'uuid', tokenRows: 2000 });
  const said = wordsOf(await stage.story.say('rita', '!tokens count'));
  expect(said).toMatch(/^demo: \d+ token rows, \d+ expired/);
  expect(said).toContain('Tokens are UUIDs');
  expect(said).toContain('rows by the day they expire');
  expect(said).toMatch(/ix_token_expires/);
});

test('a cloud with Fernet tokens says so and tells what grows instead', async () => {
  stage = await openStage({ servers: 1, deletedServers: 3 });
  const said = wordsOf(await stage.story.say('rita', '!tokens count'));
  expect(said).toContain('Tokens are Fernet');
  expect(said).toMatch(/cell \S+ \| instances \| deleted \| 3/);
  expect(said).toContain('nova-manage db archive_deleted_rows');
});

test('without a DSN for keystone it says where to put it', async () => {
  stage = await openStage({ servers: 1 }, { keystone: null });
  expect(wordsOf(await stage.story.say('rita', '!tokens count'))).toContain('add it as vigie.keystone in clouds.yaml');
});
