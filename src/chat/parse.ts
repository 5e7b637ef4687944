import { namedCharacter, normalise } from './characters.ts';

/** One word of a line. A quoted word is never an option and never a command's own word. */
export interface Word {
  readonly text: string;
  readonly quoted: boolean;
}

export type Parsed =
  | { readonly kind: 'none' }
  | { readonly kind: 'line'; readonly words: Word[]; readonly canonical: string }
  | { readonly kind: 'problem'; readonly problem: string };

/** Characters of one line; nothing an operator types by hand comes near it. */
export const lineLimit = 2000;

/**
 * Cuts what somebody said into words. `none` where it was not said to the bot. `canonical` is the line without prefix,
 * quoted anew: parsed again (with prefix '') it gives the same words.
 */
export function parseWords(text: string, prefix: string): Parsed {
  const said = normalise(text).trim();
  const line = said.slice(prefix.length);
  if (!said.startsWith(prefix) || !/^[\p{L}\p{N}"']/u.test(line)) return { kind: 'none' };
  const problem = tooLong(line) ?? unreadable(line);
  if (problem !== null) return { kind: 'problem', problem };
  return cut(line, prefix.length);
}

/** The words as one line that parses to the same words. */
export function quoteWords(words: readonly Word[]): string {
  return words.map(quoteWord).join(' ');
}

function tooLong(line: string): string | null {
  // No character is longer than what it is counted by here.
  if (line.length <= lineLimit) return null;
  const length = [...line].length;
  if (length <= lineLimit) return null;
  return `a line has at most ${group(lineLimit)} characters, this one has ${group(length)}: shorten it`;
}

function group(count: number): string {
  return count.toLocaleString('en-US');
}

function unreadable(line: string): string | null {
  const found = namedCharacter(line);
  if (found === null) return null;
  return `the line holds ${found.name} at character ${found.at}: type it again without that`;
}

interface Cut {
  readonly line: string;
  at: number;
}

function cut(line: string, offset: number): Parsed {
  const state: Cut = { line, at: 0 };
  const words: Word[] = [];
  while (skipSpaces(state)) {
    const quoted = isQuote(line[state.at]);
    const word = nextWord(state);
    if ('opened' in word) return { kind: 'problem', problem: unterminated(line, word.opened, offset) };
    words.push({ text: word.text, quoted });
  }
  const canonical = quoteWords(words);
  // Quoting may lengthen it: what is kept must be readable again.
  const problem = tooLong(canonical);
  return problem === null ? { kind: 'line', words, canonical } : { kind: 'problem', problem };
}

function unterminated(line: string, opened: number, offset: number): string {
  const quote = line[opened] ?? '"';
  return `the ${quote} at character ${[...line.slice(0, opened)].length + offset + 1} is never closed: add a ${quote} where the words end`;
}

/** False at the end of the line. */
function skipSpaces(state: Cut): boolean {
  while (state.line[state.at] === ' ') state.at += 1;
  return state.at < state.line.length;
}

/** A quote opens at the start of a word or after `=`; elsewhere it is an apostrophe. */
function nextWord(state: Cut): { text: string } | { opened: number } {
  let text = '';
  for (let before = '='; state.at < state.line.length && state.line[state.at] !== ' '; ) {
    const letter = state.line[state.at] ?? '';
    if (before === '=' && isQuote(letter)) {
      const opened = state.at;
      const inside = insideQuotes(state, letter);
      if (inside === null) return { opened };
      text += inside;
    } else {
      text += letter;
      state.at += 1;
    }
    before = letter;
  }
  return { text };
}

/** From the opening quote to behind the closing one; null if there is none. A backslash keeps a quote or a backslash. */
function insideQuotes(state: Cut, quote: string): string | null {
  let text = '';
  for (state.at += 1; state.at < state.line.length; state.at += 1) {
    const letter = state.line[state.at] ?? '';
    const next = state.line[state.at + 1];
    if (letter === quote) {
      state.at += 1;
      return text;
    }
    if (letter === '\\' && (isQuote(next) || next === '\\')) {
      text += next;
      state.at += 1;
    } else {
      text += letter;
    }
  }
  return null;
}

function isQuote(letter: string | undefined): boolean {
  return letter === '"' || letter === "'";
}

/** An unquoted word can hold a space only behind a `=`: so the quotes go there, as people write them. */
function quoteWord(word: Word): string {
  if (word.quoted) return quote(word.text);
  if (!/ |=["']/.test(word.text)) return word.text;
  const cutAt = word.text.indexOf('=') + 1;
  return word.text.slice(0, cutAt) + quote(word.text.slice(cutAt));
}

function quote(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
