import { clean, cleanLines } from '../../src/chat/cells.ts';

/** Slack's three control characters; without them nothing links, nothing rings. */
export function escaped(text: string): string {
  return text.replace(/[&<>]/g, (letter) => entities[letter] ?? letter);
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

export function unescaped(text: string): string {
  return text.replace(/&(lt|gt|amp);/g, (_, name: string) => letters[name] ?? '');
}

const letters: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&' };

/** One line of data, harmless; never empty, for Slack refuses empty texts. */
export function line(data: string): string {
  const text = clean(data).trim();
  return text === '' ? '–' : text;
}

export function lines(data: string): string[] {
  return cleanLines(data).map((one) => one.trimEnd());
}

/** Shortened where the whole stands elsewhere. */
export function short(text: string, most: number): string {
  if (text.length <= most && lengthOf(text) <= most) return text;
  const near = text.slice(0, most).replace(/[\uD800-\uDBFF]$/, '');
  return `${hewn(near, most - 1)[0] ?? ''}…`;
}

/** As Slack counts it: after escaping. */
function lengthOf(text: string): number {
  return text.length + 4 * count(text, '&') + 3 * (count(text, '<') + count(text, '>'));
}

function count(text: string, letter: string): number {
  return text.includes(letter) ? text.split(letter).length - 1 : 0;
}

/** The text in pieces that each fit once they are escaped: broken at lines, else at spaces, else between characters. */
export function pieces(text: string, most: number): string[] {
  return packed(
    text.split('\n').flatMap((one) => broken(one, most)),
    '\n',
    most,
  );
}

function broken(text: string, most: number): string[] {
  if (lengthOf(text) <= most) return [text];
  const words = text.split(/(?<= )/).flatMap((word) => (lengthOf(word) <= most ? [word] : hewn(word, most)));
  return packed(words, '', most);
}

function hewn(word: string, most: number): string[] {
  return packed([...word], '', most);
}

function packed(parts: readonly string[], between: string, most: number): string[] {
  const found: string[] = [];
  let length = 0;
  for (const part of parts) {
    const more = between.length + lengthOf(part);
    const fits = found.length > 0 && length + more <= most;
    if (fits) found[found.length - 1] += between + part;
    else found.push(part);
    length = fits ? length + more : lengthOf(part);
  }
  return found;
}
