import { createHash } from 'node:crypto';
import { LineCounter, parseDocument } from 'yaml';
import { humanError } from '../command/wording.ts';
import { lineOf } from '../policy/yaml-lines.ts';
import { Head } from './head.ts';
import { SqlProblem } from './lexer.ts';
import { brokenRules } from './rules.ts';
import { headOf, lineAt, type Section, sectionsOf, type Trouble } from './sections.ts';
import { type Change, type Part, type Piece, type Preview, readChange, readCheck, readPreview } from './statement.ts';

/** An edit of an operators' database that was written down, with all that must hold before it. */
export interface Runbook {
  readonly file: string;
  readonly sha256: string;
  readonly head: Head;
  readonly preview: Preview;
  readonly change: Change;
  readonly checks: readonly Check[];
  /** Its statements, as the file has them. */
  readonly sql: string;
}

/** Holds where the SELECT finds no row (`none`), or at least one (`some`); else `said` is why nothing is done. */
export interface Check {
  readonly kind: 'none' | 'some';
  readonly said: string;
  readonly select: Piece;
}

/** Reads one file; what is wrong with it is told by line. */
export function parseRunbook(file: string, source: string): Runbook | { readonly troubles: readonly Trouble[] } {
  const troubles: Trouble[] = [];
  const top = headOf(source);
  if (top === null)
    return { troubles: [{ line: 1, said: 'it does not begin with a head: /*, YAML, */ on lines of their own' }] };
  const head = readHead(top.yaml, troubles);
  const sections = sectionsOf(source, top.end);
  const read = readers(source, troubles);
  const preview = read(one(sections, 'preview', troubles), readPreview);
  const change = read(one(sections, 'change', troubles), readChange);
  const checks = sections.flatMap((section) => checkOf(section, read(isCheck(section) ? section : null, readCheck)));
  if (head === null || preview === null || change === null || troubles.length > 0) return { troubles };
  const sha256 = createHash('sha256').update(source).digest('hex');
  const made = { file, sha256, head, preview, change, checks, sql: source.slice(top.end).trim() };
  const broken = brokenRules(made).map(({ at, said }) => ({
    line: lineAt(source, lineOfRule(source, sections, at)),
    said,
  }));
  return broken.length > 0 ? { troubles: broken } : made;
}

function readHead(yaml: string, troubles: Trouble[]): Head | null {
  const lines = new LineCounter();
  const document = parseDocument(yaml, { lineCounter: lines, prettyErrors: false });
  // One line of the file stands above the YAML.
  const at = (path: readonly PropertyKey[]): number => lineOf(document, lines, path) + 1;
  for (const error of document.errors)
    troubles.push({ line: lines.linePos(error.pos[0]).line + 1, said: `its head is not YAML: ${error.message}` });
  if (document.errors.length > 0) return null;
  const read = Head.safeParse(document.toJS() ?? {}, { error: humanError });
  if (read.success) return read.data;
  for (const issue of read.error.issues) {
    const unknown = issue.code === 'unrecognized_keys' ? issue.keys : [];
    for (const key of unknown) troubles.push({ line: at([...issue.path, key]), said: `${key} is not known here` });
    if (unknown.length > 0) continue;
    const name = issue.path.map(String).join('.') || 'its head';
    const inner = issue.code === 'invalid_key' ? issue.issues[0]?.message : undefined;
    troubles.push({ line: at(issue.path), said: `${name} ${inner ?? issue.message}` });
  }
  return null;
}

type Read = <T>(section: Section | null, reader: (part: Part) => T) => T | null;

function readers(source: string, troubles: Trouble[]): Read {
  return (section, reader) => {
    if (section === null) return null;
    try {
      return reader(section);
    } catch (error) {
      if (!(error instanceof SqlProblem)) throw error;
      const line = lineAt(source, Math.max(error.at, section.at));
      troubles.push({ line, said: `${section.kind}: ${error.message}` });
      return null;
    }
  };
}

function one(sections: readonly Section[], kind: Section['kind'], troubles: Trouble[]): Section | null {
  const found = sections.filter((section) => section.kind === kind);
  if (found.length === 1) return found[0] ?? null;
  const many = found.length === 0 ? 'no' : `${found.length}`;
  troubles.push({
    line: 1,
    said: `it has ${many} -- ${kind} line${found.length === 0 ? '' : 's'}: one is needed, with its statement below`,
  });
  return null;
}

function isCheck({ kind }: Section): boolean {
  return kind === 'none' || kind === 'some';
}

function checkOf({ kind, said }: Section, select: Piece | null): Check[] {
  return select === null || kind === 'preview' || kind === 'change' ? [] : [{ kind, said, select }];
}

/** Rules of the head point to its first line. */
function lineOfRule(source: string, sections: readonly Section[], at: 'head' | Section['kind']): number {
  return at === 'head' ? 0 : (sections.find(({ kind }) => kind === at)?.at ?? source.length);
}
