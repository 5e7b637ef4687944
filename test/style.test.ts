import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';

test('no file is longer than 250 lines', async () => {
  const folders = await Promise.all(['src', 'commands', 'adapters'].map(filesOf));
  const lengths = await Promise.all(
    folders.flat().map(async (file) => ({ file, lines: (await readFile(file, 'utf8')).split('\n').length - 1 })),
  );
  expect(lengths.filter(({ lines }) => lines > 250)).toEqual([]);
});

async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
