import type { Part } from './statement.ts';

/** What is wrong with a file, and on which line. */
export interface Trouble {
  readonly line: number;
  readonly said: string;
}

/** A statement and what the line above it says: `-- none: a migration of it is under way`. */
export interface Section extends Part {
  readonly kind: 'preview' | 'change' | 'none' | 'some';
  readonly said: string;
  /** Of the line that begins it. */
  readonly at: number;
}

/** The YAML of the comment that begins the file, and where the statements begin; null where there is none. */
export function headOf(source: string): { readonly yaml: string; readonly end: number } | null {
  const found = /^\/\*\n([\s\S]*?)\n\*\/[ \t]*(?:\n|$)/.exec(source);
  return found === null ? null : { yaml: found[1] ?? '', end: found[0].length };
}

const marks = /^-- (preview|change|none|some)\b:?[ \t]*(.*)$/gm;

export function sectionsOf(source: string, from: number): Section[] {
  const found = [...source.slice(from).matchAll(marks)].map((match) => ({ match, at: from + match.index }));
  return found.map(({ match: [line, kind, said = ''], at }, index) => ({
    source,
    kind: kind as Section['kind'],
    said: said.trim(),
    at,
    from: at + line.length,
    to: found[index + 1]?.at ?? source.length,
  }));
}

export function lineAt(source: string, offset: number): number {
  return source.slice(0, offset).split('\n').length;
}
