/** Rows as the server sent them: each column's text, null for NULL. */
export type RawRow = readonly (Buffer | null)[];

export interface Statements {
  readonly sql: Buffer;
  /** Bytes of each statement, as they follow each other. */
  readonly lengths: readonly number[];
}

/** A server of any age takes a packet of 1 MiB: a statement ends with the row that reaches this, and rows are far below the rest. */
const longest = 768 * 1024;

/** INSERTs of these rows; a row that is there already stays as it is. */
export function insertsOf(table: string, columns: readonly string[], rows: readonly RawRow[]): Statements {
  const start = Buffer.from(`INSERT INTO ${name(table)} (${columns.map(name).join(', ')}) VALUES\n(`);
  const end = Buffer.from(`)\nON DUPLICATE KEY UPDATE ${name(columns[0] ?? '')} = ${name(columns[0] ?? '')};\n`);
  const pieces: Buffer[] = [];
  const lengths: number[] = [];
  let length = 0;
  for (const row of rows) {
    if (length > longest) {
      pieces.push(end);
      lengths.push(length + end.length);
      length = 0;
    }
    const opening = length === 0 ? start : between;
    pieces.push(opening);
    length += opening.length + write(row, pieces);
  }
  if (length > 0) {
    pieces.push(end);
    lengths.push(length + end.length);
  }
  return { sql: Buffer.concat(pieces), lengths };
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

/** Returns how many bytes it added. */
function write(row: RawRow, pieces: Buffer[]): number {
  let length = 0;
  for (const [index, value] of row.entries()) {
    const parts = value === null ? [nothing] : [quote, escaped(value), quote];
    if (index > 0) parts.unshift(comma);
    for (const part of parts) {
      pieces.push(part);
      length += part.length;
    }
  }
  return length;
}

/** The connection speaks UTF-8, where none of these bytes is part of another character. */
function escaped(value: Buffer): Buffer {
  if (value.indexOf(0x27) < 0 && value.indexOf(0x5c) < 0 && value.indexOf(0) < 0) return value;
  const text = value.toString('latin1').replace(/['\\]/g, '\\$&').replaceAll('\0', '\\0');
  return Buffer.from(text, 'latin1');
}

function name(identifier: string): string {
  return `\`${identifier.replaceAll('`', '``')}\``;
}
