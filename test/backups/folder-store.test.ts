import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openFolder } from '../../src/stores/folder.ts';
import { putText, textOf } from '../../src/stores/store.ts';
import { storeContract } from './store-contract.ts';

const root = mkdtempSync(join(tmpdir(), 'vigie-store-'));
afterAll(() => rmSync(root, { recursive: true }));
const { signal } = new AbortController();

const folder = join(root, 'dumps');
const inFolder = async (part: boolean): Promise<string[]> =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.part') === part)
    .map((name) => name.replace(/\.\w+\.part$/, ''));
storeContract('a folder', () => ({
  store: openFolder(folder),
  names: () => inFolder(false),
  unfinished: () => inFolder(true),
}));

test('its files are of their owner only, and a folder that is told to be mounted is never made', async () => {
  await putText(openFolder(folder), 'one', 'text', signal);
  expect(statSync(join(folder, 'one')).mode & 0o777).toBe(0o600);
  const away = openFolder(join(root, 'away'), { mounted: true });
  const words = `${join(root, 'away')} is not there: is it mounted?`;
  await expect(away.ready()).rejects.toThrow(words);
  await expect(putText(away, 'one', 'text', signal)).rejects.toThrow(words);
  expect(readdirSync(root)).toEqual(['dumps']);
});

test('a writer that wakes up late takes nothing away from the one that writes instead of it', async () => {
  const [late, next] = [await openFolder(folder).create('two', signal), await openFolder(folder).create('two', signal)];
  await next.write(Buffer.from('whole'));
  await late.abandon();
  await next.finish();
  expect(await textOf(openFolder(folder), 'two', signal)).toBe('whole');
});

test('what cannot be removed is told in one line', async () => {
  const locked = mkdtempSync(join(tmpdir(), 'vigie-store-'));
  mkdirSync(join(locked, 'one'));
  await expect(openFolder(locked).remove('one')).rejects.toThrow(new RegExp(`^${join(locked, 'one')} on \\S+: \\w+$`));
  rmSync(locked, { recursive: true });
});

test('what an older vigie left unfinished, under its name for that, is swept away, too', async () => {
  const store = openFolder(folder);
  await store.ready();
  writeFileSync(join(folder, 'dump-demo-main-20261129-7f3a.sql.zst.part'), 'half');
  await store.sweep('dump-demo-main-', /^\d{8}-\w+\.sql\.zst$/);
  expect(readdirSync(folder).filter((name) => name.includes('7f3a'))).toEqual([]);
});
