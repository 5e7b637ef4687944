import { isWord, nameOf, SqlProblem, type Token, tokensOf } from './lexer.ts';

/** A piece of a statement with `?` where its parameters stand, and their names in that order. */
export interface Piece {
  readonly sql: string;
  readonly parameters: readonly string[];
}

/** `SELECT columns FROM table WHERE …`: which rows, and what people see of them. */
export interface Preview {
  readonly table: string;
  readonly columns: readonly string[];
  readonly where: Piece;
}

export type Change =
  | { readonly kind: 'delete'; readonly table: string; readonly where: Piece }
  | { readonly kind: 'update'; readonly table: string; readonly where: Piece; readonly set: readonly Assignment[] };

export interface Assignment {
  readonly column: string;
  readonly value: Piece;
}

/** One statement of a file: its text from `from` to `to`. */
export interface Part {
  readonly source: string;
  readonly from: number;
  readonly to: number;
}

/** Words that write files, lock, look elsewhere or change how many rows there are. */
const forbidden = [
  ...['INTO', 'OUTFILE', 'DUMPFILE', 'FOR', 'LOCK', 'LIMIT', 'UNION', 'RETURNING', 'PROCEDURE', 'HANDLER', 'CALL'],
  ...['PARTITION', 'WITH'],
];
/** Functions that wait, read files, or answer otherwise each time: what is shown would not be what is done. */
const functions = [
  'SLEEP',
  'BENCHMARK',
  'GET_LOCK',
  'RELEASE_LOCK',
  'LOAD_FILE',
  'RAND',
  'UUID',
  'UUID_SHORT',
  'SYSDATE',
];
const clocks = [
  'NOW',
  'UTC_TIMESTAMP',
  'CURRENT_TIMESTAMP',
  'LOCALTIME',
  'LOCALTIMESTAMP',
  'UTC_DATE',
  'UTC_TIME',
  'CURDATE',
];

export function readPreview(part: Part): Preview {
  const tokens = read(part, 'SELECT');
  const from = topLevel(tokens, 'FROM', 'preview is SELECT columns FROM table WHERE …');
  const columns = split(tokens.slice(1, from)).map((column) => {
    const name = column.length === 1 ? nameOf(column[0]) : null;
    if (name === null) throw problem('preview lists columns by their names alone, no * and no expression', column[0]);
    return name;
  });
  const table = tableAt(tokens, from + 1);
  const where = whereOf(part, tokens, from + 2);
  return { table, columns, where };
}

export function readChange(part: Part): Change {
  const tokens = read(part, 'UPDATE', 'DELETE');
  if (isWord(tokens[0], 'DELETE')) {
    if (!isWord(tokens[1], 'FROM')) throw problem('change is DELETE FROM table WHERE …', tokens[1]);
    return { kind: 'delete', table: tableAt(tokens, 2), where: whereOf(part, tokens, 3) };
  }
  const table = tableAt(tokens, 1);
  if (!isWord(tokens[2], 'SET')) throw problem('change is UPDATE table SET … WHERE …', tokens[2]);
  const end = topLevel(tokens, 'WHERE', 'change has no WHERE');
  const set = split(tokens.slice(3, end)).map((assignment) => assignmentOf(part, assignment));
  return { kind: 'update', table, where: whereOf(part, tokens, end), set };
}

/** A SELECT that shows by its rows whether something holds. */
export function readCheck(part: Part): Piece {
  const tokens = read(part, 'SELECT');
  return piece(part, tokens, tokens[0]?.start ?? part.from, tokens.at(-1)?.end ?? part.to);
}

/** The values of a piece, in the order of its placeholders. */
export function bound<V>({ parameters }: Piece, values: Readonly<Record<string, V>>): V[] {
  return parameters.map((name) => {
    const value = values[name];
    if (value === undefined) throw new Error(`no value for the parameter ${name}`);
    return value;
  });
}

/** Its tokens, after what no statement of a runbook may hold was refused. */
function read(part: Part, ...starts: readonly string[]): Token[] {
  const tokens = tokensOf(part.source, part.from, part.to);
  if (tokens.at(-1)?.text === ';') tokens.pop();
  const semicolon = tokens.find(({ text, kind }) => kind === 'sign' && text === ';');
  if (semicolon !== undefined) throw problem('it is more than one statement', semicolon);
  if (!isWord(tokens[0], ...starts))
    throw new SqlProblem(`it is not a single ${starts.join(' or ')}`, tokens[0]?.start ?? part.from);
  const bad = tokens.find((token) => isWord(token, ...forbidden));
  if (bad !== undefined) throw problem(`${bad.text} is not possible in a runbook`, bad);
  for (const [index, token] of tokens.entries()) {
    const next = tokens[index + 1]?.text;
    if (isWord(token, ...functions) && next === '(')
      throw problem(`${token.text}() is not possible in a runbook`, token);
    if (isWord(token, 'FROM', 'JOIN', 'UPDATE') && tokens[index + 2]?.text === '.')
      throw problem('it names another database: a runbook is of the one its head names', tokens[index + 1]);
  }
  return tokens;
}

function topLevel(tokens: readonly Token[], word: string, missing: string): number {
  const index = tokens.findIndex((token) => token.depth === 0 && isWord(token, word));
  if (index < 0) throw problem(missing, tokens[0]);
  return index;
}

function tableAt(tokens: readonly Token[], index: number): string {
  const name = nameOf(tokens[index]);
  if (name === null) throw problem('a table is named by its name alone', tokens[index] ?? tokens[0]);
  return name;
}

/** WHERE must come right here: so there is one table, without another name. */
function whereOf(part: Part, tokens: readonly Token[], index: number): Piece {
  const where = tokens[index];
  const first = tokens[index + 1];
  if (where === undefined) throw problem('it has no WHERE', tokens[0]);
  if (!isWord(where, 'WHERE')) throw problem('WHERE comes right behind one table: no join, no alias', where);
  const late = tokens.slice(index + 1).find((token) => token.depth === 0 && isWord(token, 'ORDER', 'GROUP', 'HAVING'));
  if (late !== undefined) throw problem(`${late.text} is not possible behind WHERE`, late);
  if (first === undefined) throw problem('its WHERE is empty', where);
  return piece(part, tokens, first.start, tokens.at(-1)?.end ?? first.end);
}

function assignmentOf(part: Part, tokens: readonly Token[]): Assignment {
  const column = nameOf(tokens[0]);
  const [first, last] = [tokens[2], tokens.at(-1)];
  if (column === null || tokens[1]?.text !== '=' || first === undefined || last === undefined)
    throw problem('SET is column = value, several with commas', tokens[0]);
  const clock = tokens.find((token) => isWord(token, ...clocks));
  if (clock !== undefined) throw problem('SET writes the moment as :now, which is the same in what is shown', clock);
  return { column, value: piece(part, tokens, first.start, last.end) };
}

function split(tokens: readonly Token[]): Token[][] {
  const groups: Token[][] = [[]];
  for (const token of tokens)
    if (token.kind === 'sign' && token.text === ',' && token.depth === 0) groups.push([]);
    else groups.at(-1)?.push(token);
  return groups;
}

function piece({ source }: Part, tokens: readonly Token[], from: number, to: number): Piece {
  const inside = tokens.filter(({ kind, start, end }) => kind === 'parameter' && start >= from && end <= to);
  let sql = '';
  let at = from;
  for (const { start, end } of inside) {
    sql += `${source.slice(at, start)}?`;
    at = end;
  }
  return { sql: sql + source.slice(at, to), parameters: inside.map(({ text }) => text) };
}

function problem(said: string, token: Token | undefined): SqlProblem {
  return new SqlProblem(said, token?.start ?? 0);
}
