/** Zero-width characters, soft hyphens and byte order marks: pasted along by chats and browsers, never meant. */
const invisible = /[\u00AD\u180E\u200B-\u200D\u2060\uFEFF]/gu;
const spaces = /[\t\u00A0\u1680\u2000-\u200A\u202F\u205F\u3000]/gu;
/** Phones and desktops turn `--cloud` into one long dash. */
const flagDash = /(?<=^|\s)[–—―](?=\p{L})/gu;
const dashes = /[\u2010-\u2015\u2212]/gu;
const doubleQuotes = /[“”„‟«»″＂]/gu;
const singleQuotes = /[‘’‚‛′＇]/gu;

/** Typed on a keyboard that improves nothing, as most lines are. */
const plain = /^[ -~]*$/;

/** Undoes what keyboards and chats "improve": smart quotes and dashes, odd spaces, invisible characters. */
export function normalise(text: string): string {
  if (plain.test(text)) return text;
  return text
    .replace(invisible, '')
    .replace(spaces, ' ')
    .replace(flagDash, '--')
    .replace(dashes, '-')
    .replace(doubleQuotes, '"')
    .replace(singleQuotes, "'")
    .replaceAll('…', '...');
}

/** C0 and C1 controls, line and paragraph separators, marks that turn the reading direction, halves of a character. */
const refused = /[\p{Cc}\u2028\u2029\u200E\u200F\u202A-\u202E\u2066-\u2069\uD800-\uDFFF]/u;

/** The first character that no line and no data should hold, by name; null if there is none. */
export function namedCharacter(text: string): { name: string; at: number } | null {
  if (plain.test(text) || !refused.test(text)) return null;
  const letters = [...text];
  const index = letters.findIndex((letter) => refused.test(letter));
  const letter = letters[index];
  return letter === undefined ? null : { name: nameOf(letter.codePointAt(0) ?? 0), at: index + 1 };
}

const names = new Map<number, string>([
  [0x00, 'NUL'],
  [0x02, 'a bold mark'],
  [0x03, 'a colour mark'],
  [0x07, 'BEL'],
  [0x08, 'a backspace'],
  [0x09, 'a tab'],
  [0x0a, 'a line break'],
  [0x0d, 'a carriage return'],
  [0x1b, 'ESC'],
  [0x7f, 'DEL'],
  [0x2028, 'a line separator'],
  [0x2029, 'a paragraph separator'],
]);

function nameOf(code: number): string {
  const hex = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
  return `${names.get(code) ?? kindOf(code)} (${hex})`;
}

function kindOf(code: number): string {
  if (code < 0xa0) return 'a control character';
  return code >= 0xd800 && code <= 0xdfff ? 'half a character' : 'a mark that turns the reading direction';
}
