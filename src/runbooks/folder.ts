import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseRunbook, type Runbook } from './runbook.ts';
import type { Trouble } from './sections.ts';

export interface FileTrouble extends Trouble {
  readonly file: string;
}

export interface Shelf {
  readonly runbooks: readonly Runbook[];
  /** A file with a trouble is no runbook; the others are. */
  readonly troubles: readonly FileTrouble[];
}

/** How runbooks are had: read anew each time, for operators mend them while the worker runs. */
export type Runbooks = () => Promise<Shelf>;

/** All of these folders; one of a name that another folder has already refuses itself. */
export function openRunbooks(folders: readonly string[]): Runbooks {
  return async () => {
    const shelves = await Promise.all(folders.map(readFolder));
    const runbooks = new Map<string, Runbook>();
    const troubles = shelves.flatMap((shelf) => shelf.troubles);
    for (const runbook of shelves.flatMap((shelf) => shelf.runbooks)) {
      const other = runbooks.get(runbook.head.name);
      if (other === undefined) runbooks.set(runbook.head.name, runbook);
      else troubles.push({ file: runbook.file, line: 1, said: `${other.file} has its name already` });
    }
    const sorted = [...runbooks.values()].sort((a, b) => (a.head.name < b.head.name ? -1 : 1));
    return { runbooks: sorted, troubles };
  };
}

async function readFolder(folder: string): Promise<Shelf> {
  const names = await readdir(folder).catch(() => null);
  if (names === null)
    return { runbooks: [], troubles: [{ file: folder, line: 1, said: 'this folder cannot be read' }] };
  const files = names.filter((name) => name.endsWith('.sql')).sort();
  const read = await Promise.all(files.map((name) => readOne(join(folder, name))));
  return {
    runbooks: read.flatMap((one) => ('head' in one ? [one] : [])),
    troubles: read.flatMap((one) => ('troubles' in one ? one.troubles : [])),
  };
}

async function readOne(file: string): Promise<Runbook | { troubles: FileTrouble[] }> {
  const source = await readFile(file, 'utf8').catch(() => null);
  if (source === null) return { troubles: [{ file, line: 1, said: 'it cannot be read' }] };
  const made = parseRunbook(file, source.replaceAll('\r\n', '\n'));
  return 'troubles' in made ? { troubles: made.troubles.map((trouble) => ({ file, ...trouble })) } : made;
}
