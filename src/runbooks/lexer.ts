/** One word or sign of a statement, and where it stands in the file. */
export interface Token {
  readonly kind: 'word' | 'name' | 'text' | 'number' | 'parameter' | 'sign';
  /** Of a parameter its name, of a quoted name what is inside. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** How many brackets are open around it. */
  readonly depth: number;
}

/** What makes a statement unreadable, and where. */
export class SqlProblem extends Error {
  override readonly name = 'SqlProblem';
  readonly at: number;

  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

const rules: readonly (readonly [Token['kind'] | 'space', RegExp])[] = [
  ['space', /(?:\s+|-- [^\n]*|--\n|#[^\n]*|\/\*(?![!M])[\s\S]*?\*\/)/y],
  ['text', /'(?:[^'\\]|''|\\[\s\S])*'|"(?:[^"\\]|""|\\[\s\S])*"/y],
  ['name', /`[^`]+`/y],
  ['parameter', /:[a-z][a-z0-9_]*/y],
  ['number', /\d+(?:\.\d+)?(?![\w$])/y],
  ['word', /[A-Za-z_$][\w$]*/y],
  ['sign', /[-+*/%=<>!|&^~(),.;]/y],
];

/** A statement's tokens. Refuses what hides code (executable comments), reaches the session (@) or confuses placeholders (?). */
export function tokensOf(sql: string, from: number, to: number): Token[] {
  const tokens: Token[] = [];
  let depth = 0;
  for (let at = from; at < to; ) {
    const found = match(sql, at);
    if (found === null) throw new SqlProblem(`${JSON.stringify(sql[at])} is not possible here`, at);
    if (sql.startsWith('/*', at) && found.kind !== 'space')
      throw new SqlProblem('a comment that is executed is not possible', at);
    const { kind, raw } = found;
    if (raw === ')') depth -= 1;
    if (kind !== 'space') tokens.push({ kind, text: inside(kind, raw), start: at, end: at + raw.length, depth });
    if (raw === '(') depth += 1;
    if (depth < 0) throw new SqlProblem('a ) closes nothing', at);
    if (raw.includes('?')) throw new SqlProblem('a ? is not possible, not even in a text', at);
    at += raw.length;
  }
  if (depth > 0) throw new SqlProblem('a ( is never closed', to - 1);
  return tokens;
}

function match(sql: string, at: number): { kind: Token['kind'] | 'space'; raw: string } | null {
  for (const [kind, rule] of rules) {
    rule.lastIndex = at;
    const raw = rule.exec(sql)?.[0];
    if (raw !== undefined) return { kind, raw };
  }
  return null;
}

function inside(kind: Token['kind'], raw: string): string {
  if (kind === 'parameter') return raw.slice(1);
  return kind === 'name' ? raw.slice(1, -1) : raw;
}

/** Whether it is this word of SQL; a quoted name never is. */
export function isWord(token: Token | undefined, ...words: readonly string[]): boolean {
  return token?.kind === 'word' && words.includes(token.text.toUpperCase());
}

/** What it names, if it may name a table or column. */
export function nameOf(token: Token | undefined): string | null {
  return token?.kind === 'word' || token?.kind === 'name' ? token.text : null;
}
