import type { Telling } from '../../src/chat/message.ts';

/** One message to the server, before it is a line. */
export interface Outgoing {
  readonly command: string;
  /** Only the last may hold spaces. */
  readonly params: readonly string[];
  readonly tags?: Readonly<Record<string, string>>;
  /** Whether it is still ours to say, asked when its turn comes. */
  readonly mine?: Telling['mine'];
}

/** It would be another command than the one that was meant. */
export class Unsendable extends Error {
  override readonly name = 'Unsendable';
}

/** Bold, colour, reset, reverse, italics, underline: what a renderer may say in colours. */
const formatting = new Set(['\u0002', '\u0003', '\u000f', '\u0016', '\u001d', '\u001f']);
/** Whatever else steers a terminal or a server may not pass, nor marks that turn the reading direction, nor half a character. */
const steering = /[\p{Cc}\p{Cs}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;
const middle = /^[^\s:\p{Cc}][^\s\p{Cc}]*$/u;
const tagKey = /^\+?(?:[a-z0-9.-]+\/)?[A-Za-z0-9-]+$/;

/**
 * The line as it leaves, without its end. The framework joins arguments unchecked, so that a line break in any of them
 * would be a second command: here the last one is cleaned, and the others are refused.
 */
export function lineOf({ command, params, tags = {} }: Outgoing): string {
  if (!/^[A-Z]+$/.test(command)) throw new Unsendable(`${JSON.stringify(command)} is no command of IRC`);
  const last = params.at(-1);
  const before = params.slice(0, -1);
  for (const param of before)
    if (!middle.test(param)) throw new Unsendable(`${command} cannot name ${JSON.stringify(param)}`);
  const words = last === undefined ? [] : [...before, `:${cleaned(last)}`];
  return [tagged(tags), command, ...words].filter((word) => word !== '').join(' ');
}

/** Without what steers: as it is read on the other side. */
export function cleaned(text: string): string {
  return text.replace(steering, (letter) => (formatting.has(letter) ? letter : instead(letter)));
}

/** Of half a character there is something to see; the others are gone. */
function instead(letter: string): string {
  return letter >= '\ud800' ? '\ufffd' : '';
}

function tagged(tags: Readonly<Record<string, string>>): string {
  const entries = Object.entries(tags);
  for (const [key] of entries) if (!tagKey.test(key)) throw new Unsendable(`${JSON.stringify(key)} is no tag`);
  if (entries.length === 0) return '';
  return `@${entries.map(([key, value]) => (value === '' ? key : `${key}=${escaped(value)}`)).join(';')}`;
}

const escapes: Readonly<Record<string, string>> = { ';': '\\:', ' ': '\\s', '\\': '\\\\', '\r': '\\r', '\n': '\\n' };
const unfit = new RegExp(`[; \\\\]|${steering.source}`, 'gu');

function escaped(value: string): string {
  return value.replace(unfit, (letter) => escapes[letter] ?? instead(letter));
}

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Data at the start of a line could be a command to another bot: what goes on from the line before stands under it. */
const under = '  ';

/** Cut at spaces so that no part is longer than so many bytes; a word that is longer is cut between characters as people see them. */
export function split(text: string, bytes: number): string[] {
  const whole = text.trimEnd();
  if (size(whole) <= bytes) return whole === '' ? [] : [whole];
  const [first = '', ...others] = cut(text, bytes - size(under));
  return [first, ...others.map((part) => under + part)];
}

function cut(text: string, bytes: number): string[] {
  const parts: string[] = [];
  let part = '';
  for (const word of text.split(/(?<= )/)) {
    if (size(part) + size(word.trimEnd()) <= bytes) {
      part += word;
      continue;
    }
    if (part.trim() !== '') parts.push(part.trimEnd());
    const pieces = size(word.trimEnd()) <= bytes ? [word] : chop(word, bytes);
    parts.push(...pieces.slice(0, -1));
    part = pieces.at(-1) ?? '';
  }
  return part.trim() === '' ? parts : [...parts, part.trimEnd()];
}

function chop(word: string, bytes: number): string[] {
  const pieces: string[] = [];
  let piece = '';
  for (const { segment } of segmenter.segment(word)) {
    // A single visible character may be longer than a line: then its code points are what is left to cut between.
    for (const unit of size(segment) <= bytes ? [segment] : segment) {
      if (size(piece) + size(unit) > bytes) {
        pieces.push(piece);
        piece = '';
      }
      piece += unit;
    }
  }
  return [...pieces, piece];
}

function size(text: string): number {
  return Buffer.byteLength(text);
}
