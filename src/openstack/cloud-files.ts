import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isMap, isScalar, LineCounter, type Pair, parseDocument } from 'yaml';

/** Where clouds.yaml is looked for. Explicit paths win; the environment's OS_* never counts. */
export interface CloudsPlaces {
  readonly cloudsFile: string | null;
  readonly secureFile: string | null;
  readonly cwd: string;
  readonly home: string;
}

export interface CloudsFile {
  readonly path: string;
  readonly modified: number;
  readonly content: unknown;
  /** The line of a value, by its path of keys; null where it is not in this file. Hyphens and underscores are equal. */
  lineOf(path: readonly string[]): number | null;
}

export interface FileProblem {
  readonly path: string;
  readonly line: number | null;
  readonly said: string;
}

export type FileFound = { readonly file: CloudsFile | null; readonly problems: readonly FileProblem[] };

/** The first file found wins, as openstacksdk does; unlike there, a broken one is a problem and not passed over. */
export function findFile(
  name: 'clouds' | 'clouds-public' | 'secure',
  explicit: string | null,
  places: CloudsPlaces,
): FileFound {
  if (explicit !== null) return openFile(explicit, true);
  for (const path of candidates(name, places)) {
    const found = openFile(path, false);
    if (found.file || found.problems.length > 0) return found;
  }
  return { file: null, problems: [] };
}

/** Changes when any of the files that are read, or looked for, does. */
export function stampOf(places: CloudsPlaces): string {
  const paths = [
    ...(places.cloudsFile === null ? candidates('clouds', places) : [places.cloudsFile]),
    ...(places.secureFile === null ? candidates('secure', places) : [places.secureFile]),
    ...candidates('clouds-public', places),
  ];
  return paths.map(stamp).join('\n');
}

function stamp(path: string): string {
  try {
    const { mtimeMs, size } = statSync(path);
    return `${path}:${mtimeMs}:${size}`;
  } catch {
    // Not there, or not ours to see: reading tells which, if it matters.
    return '';
  }
}

export function searchPath({ cwd, home }: CloudsPlaces): string[] {
  return [cwd, join(home, '.config', 'openstack'), '/etc/xdg/openstack', '/etc/openstack'];
}

function candidates(name: string, places: CloudsPlaces): string[] {
  return searchPath(places).flatMap((folder) =>
    ['yaml', 'yml', 'json'].map((ending) => join(folder, `${name}.${ending}`)),
  );
}

/** A file that was only looked for may be missing or not ours to read; one that was named may not. */
function openFile(path: string, named: boolean): FileFound {
  try {
    const text = readFileSync(path, 'utf8');
    return parse(path, text, statSync(path).mtimeMs);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    if (!named && ['ENOENT', 'ENOTDIR', 'EACCES', 'EISDIR'].includes(code)) return { file: null, problems: [] };
    const said = code === 'ENOENT' ? 'there is no such file' : `it cannot be read (${code})`;
    return { file: null, problems: [{ path, line: null, said }] };
  }
}

/** YAML reads JSON, too. What the parser says of a broken file may quote it: only the kind and line are told. */
function parse(path: string, text: string, modified: number): FileFound {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    const problems = document.errors.map((error) => ({
      path,
      line: lines.linePos(error.pos[0]).line,
      said: `not valid YAML (${error.code.toLowerCase().replaceAll('_', ' ')})`,
    }));
    return { file: null, problems };
  }
  const lineOf = (keys: readonly string[]) => {
    const offset = offsetOf(document.contents, keys);
    return offset === null ? null : lines.linePos(offset).line;
  };
  return { file: { path, modified, content: document.toJS() ?? {}, lineOf }, problems: [] };
}

function offsetOf(node: unknown, [key, ...rest]: readonly string[]): number | null {
  if (key === undefined || !isMap(node)) return null;
  const pair = node.items.find((item) => sameKey(item, key));
  if (!pair || !isScalar(pair.key)) return null;
  return (rest.length > 0 ? offsetOf(pair.value, rest) : null) ?? pair.key.range?.[0] ?? null;
}

function sameKey({ key }: Pair, wanted: string): boolean {
  return (
    isScalar(key) &&
    (String(key.value) === wanted || String(key.value).replaceAll('-', '_') === wanted.replaceAll('-', '_'))
  );
}
