import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isSecret } from '../../src/runbooks/head.ts';
import { openThings, type Things } from '../databases/edits.ts';

let things: Things;
let databases: ReturnType<Things['connect']>;
beforeAll(async () => {
  things = await openThings();
  databases = things.connect();
  await things.root.query("INSERT INTO things SET state = 'stuck', secret = 's3cret-of-a-user'");
});
afterAll(async () => {
  await databases.close();
  await things.close();
});

function preview(name: string, { columns, hide }: { columns: string; hide: string }) {
  const text = `/*
name: ${name}
summary: Change a thing
database: keystone
releases: { words: all, migrate_version: [1, 999] }
risk: destructive
rows: { max: 4 }
hide: [${hide}]
*/
-- preview
SELECT ${columns} FROM things WHERE state = 'stuck';
-- change
UPDATE things SET flag = 1 WHERE state = 'stuck';
`;
  writeFileSync(join(things.folder, 'runbooks', `${name}.sql`), text);
  return databases.previewEdit({ runbook: name, typed: {}, cell: null });
}

test('what is secret is so however it is spelled', async () => {
  for (const [table, column] of [
    ['instances', 'USER_DATA'],
    ['Token', 'Id'],
    ['sensitive_config', 'value'],
    ['access_token', 'access_secret'],
    ['request_token', 'request_secret'],
    ['shadow_instance_system_metadata', 'value'],
  ] as const)
    expect(isSecret(table, column), `${table}.${column}`).toBe(true);
  expect(isSecret('instances', 'id')).toBe(false);
  const shown = JSON.stringify(await preview('hidden-loudly', { columns: 'id, flag, secret', hide: 'SECRET' }));
  expect(shown).not.toContain('s3cret');
  await expect(preview('spelled-loudly', { columns: 'id, flag, SECRET', hide: 'secret' })).rejects.toThrow(
    'says SECRET, and things calls it secret: spell it so',
  );
});
