import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** A file of ours alone that appears whole and on the disk, or not at all. */
export async function writeWhole(path: string, text: string): Promise<void> {
  try {
    const file = await open(`${path}.new`, 'w', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${path}.new`, path);
  } catch (error) {
    await rm(`${path}.new`, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

/** A new name is safe only once its folder is on the disk, too. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
