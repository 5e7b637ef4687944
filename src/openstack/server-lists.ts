import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../chat/user-error.ts';
import { ServerId } from './names.ts';

const longest = 256 * 1024;

/**
 * A list that the operators keep on the worker's disk: one server a line, its uuid first; what follows it, empty lines and
 * those that begin with # are for people. Chat can only name it, and hears no word of a file that is something else.
 */
export async function readServerList(folder: string | null, name: string, cloud: string): Promise<ServerId[]> {
  if (folder === null)
    throw new UserError(
      `this worker has no lists of servers for ${cloud}: set vigie.lists in clouds.yaml to their folder`,
    );
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,100}$/.test(name))
    throw new UserError('a list is a file in the folder of lists, by its bare name: letters, digits, dots, dashes');
  const text = await contentOf(join(folder, name), name);
  const lines = text
    .split('\n')
    .map((line, index) => ({ number: index + 1, word: line.trim().split(/[\s,;]/)[0] ?? '' }));
  const meant = lines.filter(({ word }) => word !== '' && !word.startsWith('#'));
  const ids = meant.map(({ number, word }) => {
    const id = ServerId.safeParse(word.toLowerCase());
    if (!id.success) throw new UserError(`line ${number} of the list ${name} does not begin with the uuid of a server`);
    return id.data;
  });
  if (ids.length === 0) throw new UserError(`the list ${name} names no server`);
  return [...new Set(ids)];
}

async function contentOf(path: string, name: string): Promise<string> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unreadable';
    const why = code === 'ENOENT' ? 'there is no such file in the folder of lists' : `it cannot be read (${code})`;
    throw new UserError(`the list ${name}: ${why} of this worker`, { cause });
  }
  if (bytes.length > longest) throw new UserError(`the list ${name} is longer than ${longest / 1024} KiB`);
  return bytes.toString('utf8');
}
