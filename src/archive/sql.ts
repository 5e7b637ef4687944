/** Rows as the server sent them: each column's text, null for NULL. */
export type RawRow = readonly (Buffer | null)[];

export interface Statements {
  readonly sql: Buffer;
  /** Bytes of each statement, as they follow each other. */
  readonly lengths: readonly number[];
}

/** A server of any age takes a packet of 1 MiB: a statement ends with the row that reaches this, and rows are far below the rest. */
const longest = 768 * 1024;

/** INSERTs that grow by a row at a time, in memory that is used again; a row that is there already stays as it is. */
export interface Inserts {
  /** Copies it. */
  add(row: RawRow): void;
  bytes(): number;
  /** Good until the next `clear`. */
  statements(): Statements;
  clear(): void;
}

export function openInserts(table: string, columns: readonly string[]): Inserts {
  const start = Buffer.from(`INSERT INTO ${name(table)} (${columns.map(name).join(', ')}) VALUES\n(`);
  const end = Buffer.from(`)\nON DUPLICATE KEY UPDATE ${name(columns[0] ?? '')} = ${name(columns[0] ?? '')};\n`);
  const out: Out = { bytes: Buffer.allocUnsafeSlow(1024 * 1024), at: 0 };
  const lengths: number[] = [];
  /** Where the statement begins that takes the next row. */
  let begin = 0;
  function close(): void {
    if (out.at === begin) return;
    put(out, end);
    lengths.push(out.at - begin);
    begin = out.at;
  }
  return {
    add(row) {
      makeRoom(out, start.length + end.length + mostOf(row));
      if (out.at - begin > longest) close();
      put(out, out.at === begin ? start : between);
      putRow(out, row);
    },
    bytes: () => out.at,
    statements() {
      close();
      return { sql: out.bytes.subarray(0, out.at), lengths: [...lengths] };
    },
    clear() {
      out.at = begin = lengths.length = 0;
    },
  };
}

/** What makes an empty database ready for the rows. */
export function schemaSql(createTable: string): Statements {
  const all = [
    'SET NAMES utf8mb4;\n',
    "SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO', time_zone = '+00:00';\n",
    `${createTable.replace(/^CREATE TABLE/, 'CREATE TABLE IF NOT EXISTS')};\n`,
  ].map((statement) => Buffer.from(statement));
  return { sql: Buffer.concat(all), lengths: all.map(({ length }) => length) };
}

const between = Buffer.from('),\n(');
const comma = Buffer.from(',');
const nothing = Buffer.from('NULL');
const quote = Buffer.from("'");

interface Out {
  bytes: Buffer;
  at: number;
}

function makeRoom(out: Out, bytes: number): void {
  if (out.at + bytes <= out.bytes.length) return;
  const larger = Buffer.allocUnsafeSlow(Math.max(2 * out.bytes.length, out.at + bytes));
  out.bytes.copy(larger, 0, 0, out.at);
  out.bytes = larger;
}

/** Were every byte escaped. */
function mostOf(row: RawRow): number {
  return row.reduce((sum, value) => sum + 2 * (value?.length ?? 2) + 3, between.length);
}

function put(out: Out, bytes: Buffer): void {
  out.at += bytes.copy(out.bytes, out.at);
}

function putRow(out: Out, row: RawRow): void {
  for (const [index, value] of row.entries()) {
    if (index > 0) put(out, comma);
    if (value === null) put(out, nothing);
    else {
      put(out, quote);
      putEscaped(out, value);
      put(out, quote);
    }
  }
}

/** The connection speaks UTF-8, where none of these bytes is part of another character. */
function putEscaped(out: Out, value: Buffer): void {
  if (value.indexOf(0x27) < 0 && value.indexOf(0x5c) < 0 && value.indexOf(0) < 0) {
    put(out, value);
    return;
  }
  for (const byte of value) {
    if (byte === 0x27 || byte === 0x5c || byte === 0) out.bytes[out.at++] = 0x5c;
    out.bytes[out.at++] = byte === 0 ? 0x30 : byte;
  }
}

function name(identifier: string): string {
  return `\`${identifier.replaceAll('`', '``')}\``;
}
