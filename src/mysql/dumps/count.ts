/** What a dump's own text says of itself, told as it passes: no second look at the server can know its snapshot. */
export interface Counted {
  readonly databases: readonly CountedDatabase[];
  readonly position: string | null;
  readonly gtid: string | null;
  /** Its last line was there: without it the program was cut off, whatever its exit code says. */
  readonly complete: boolean;
}

export interface CountedDatabase {
  readonly name: string;
  readonly rawBytes: number;
  /** Rows by table. */
  readonly tables: ReadonlyMap<string, number>;
}

export interface DumpCount {
  push(chunk: Buffer): void;
  sum(): Counted;
}

interface Held {
  readonly name: string;
  rawBytes: number;
  readonly tables: Map<string, number>;
}

type Place = 'line' | 'skip' | 'rows' | 'values';

interface State {
  /** At a line's beginning, in one that says nothing, in an INSERT with a row on each line, in one with all on one line. */
  place: Place;
  head: Buffer;
  /** Between DELIMITER lines: the body of a trigger may look like anything. */
  body: boolean;
  last: number;
  quoted: boolean;
  escaped: boolean;
  current: Held | null;
  table: string;
  rows: number;
  found: {
    databases: Held[];
    position: string | null;
    gtid: string | null;
    complete: boolean;
  };
}

const newline = 0x0a;
const semicolon = 0x3b;
const quote = 0x27;
const backslash = 0x5c;
const bracket = 0x28;
/** The longest beginning of a line that is looked at: the names of an INSERT's columns may stand before its VALUES. */
const longestHead = 64 * 1024;

/** Counts tables and rows in what mariadb-dump or mysqldump writes. Values are escaped there: a line never ends inside one. */
export function countDump(): DumpCount {
  const state: State = {
    place: 'line',
    head: Buffer.alloc(0),
    body: false,
    last: 0,
    quoted: false,
    escaped: false,
    current: null,
    table: '',
    rows: 0,
    found: { databases: [], position: null, gtid: null, complete: false },
  };
  return {
    push(chunk) {
      for (let at = 0; at < chunk.length; ) {
        const next = steps[state.place](state, chunk, at);
        if (state.current !== null) state.current.rawBytes += Math.min(next, chunk.length) - at;
        at = next;
      }
      state.last = chunk[chunk.length - 1] ?? state.last;
    },
    sum: () => state.found,
  };
}

/** Each takes some of the chunk and says where it came to. */
const steps: Readonly<Record<Place, (state: State, chunk: Buffer, at: number) => number>> = {
  line: takeLine,
  skip: skipLine,
  rows: takeRow,
  values: takeValues,
};

function takeLine(state: State, chunk: Buffer, at: number): number {
  const end = chunk.indexOf(newline, at);
  const stop = end === -1 ? chunk.length : end + 1;
  const piece = chunk.subarray(at, stop);
  const line = state.head.length === 0 ? piece : Buffer.concat([state.head, piece]);
  if (end === -1 && line.length < longestHead) {
    state.head = line;
    return stop;
  }
  state.head = Buffer.alloc(0);
  state.place = end === -1 ? 'skip' : 'line';
  const values = readLine(state, line);
  if (values === null) return stop;
  state.place = values === 'below' ? 'rows' : 'values';
  if (values !== 'below')
    for (let from = values; from < line.length && state.place === 'values'; ) from = takeValues(state, line, from);
  return stop;
}

function skipLine(state: State, chunk: Buffer, at: number): number {
  const end = chunk.indexOf(newline, at);
  if (end === -1) return chunk.length;
  state.place = 'line';
  return end + 1;
}

function takeRow(state: State, chunk: Buffer, at: number): number {
  const end = chunk.indexOf(newline, at);
  if (end === -1) return chunk.length;
  state.rows += 1;
  const before = end === 0 ? state.last : chunk[end - 1];
  if (before === semicolon) finishRows(state);
  return end + 1;
}

/** MySQL's program writes all rows of a statement on one line: outside of its strings only a row has a bracket. */
function takeValues(state: State, chunk: Buffer, at: number): number {
  if (state.quoted) return endOfString(state, chunk, at);
  let rows = 0;
  let index = at;
  let byte = chunk[index];
  for (; index < chunk.length && byte !== quote && byte !== semicolon; byte = chunk[index]) {
    if (byte === bracket) rows += 1;
    index += 1;
  }
  state.rows += rows;
  if (byte === quote) state.quoted = true;
  if (byte !== semicolon) return index + 1;
  finishRows(state);
  state.place = 'skip';
  return index + 1;
}

/** The next quote that no backslash takes its meaning. */
function endOfString(state: State, chunk: Buffer, at: number): number {
  const from = state.escaped ? at + 1 : at;
  const found = chunk.indexOf(quote, from);
  const end = found === -1 ? chunk.length : found;
  let slashes = 0;
  while (end - slashes > from && chunk[end - slashes - 1] === backslash) slashes += 1;
  state.escaped = found === -1 && slashes % 2 === 1;
  if (found !== -1 && slashes % 2 === 0) state.quoted = false;
  return end + 1;
}

function finishRows(state: State): void {
  const tables = state.current?.tables;
  tables?.set(state.table, (tables.get(state.table) ?? 0) + state.rows);
  state.rows = 0;
  state.place = 'line';
}

const insert = /^INSERT (?:IGNORE )?INTO `((?:[^`]|``)+)` (?:\((?:`(?:[^`]|``)+`(?:, ?)?)+\) )?VALUES(\n| )/;
const delimiter = /^DELIMITER (.+)\n/;
const use = /^USE `((?:[^`]|``)+)`;/;
const create = /^CREATE TABLE `((?:[^`]|``)+)` \(/;
const position =
  /^-- CHANGE (?:MASTER|REPLICATION SOURCE) TO (?:MASTER|SOURCE)_LOG_FILE='([^']+)', ?(?:MASTER|SOURCE)_LOG_POS=(\d+);/;
const gtid = /^(?:-- )?SET (?:GLOBAL gtid_slave_pos|@@GLOBAL\.GTID_PURGED) ?= ?(?:\/\*.*\*\/ ?)?'([^']*)'/i;

/** Where the rows of an INSERT begin: below its line, or at that byte of it; null where it is none. */
function readLine(state: State, line: Buffer): 'below' | number | null {
  const text = line.toString('latin1', 0, line[0] === 0x49 ? line.length : 1024);
  const delimited = delimiter.exec(text);
  if (delimited !== null) state.body = delimited[1] !== ';';
  if (state.body) return null;
  const { found } = state;
  if (text !== '\n') found.complete = text.startsWith('-- Dump completed');
  const [start, table, after] = insert.exec(text) ?? [];
  if (start !== undefined) {
    state.table = named(table);
    state.rows = 0;
    state.quoted = false;
    return after === '\n' ? 'below' : start.length;
  }
  const database = use.exec(text);
  if (database !== null) enter(state, named(database[1]));
  const created = create.exec(text);
  if (created !== null) state.current?.tables.set(named(created[1]), 0);
  const at = position.exec(text);
  if (at !== null) found.position ??= `${at[1]}:${at[2]}`;
  found.gtid ??= gtid.exec(text)?.[1] ?? null;
  return null;
}

/** Each database comes twice where there are views: they are made once all tables are there. */
function enter(state: State, name: string): void {
  const { databases } = state.found;
  state.current = databases.find((one) => one.name === name) ?? { name, rawBytes: 0, tables: new Map() };
  if (!databases.includes(state.current)) databases.push(state.current);
}

/** The dump is UTF-8, and was read byte by byte. */
function named(quoted = ''): string {
  return Buffer.from(quoted, 'latin1').toString().replaceAll('``', '`');
}
