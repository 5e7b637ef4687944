/** Text as a grid of letters counts it: columns, not characters. */

/** Control characters and marks that turn the reading direction: whoever named a server must not steer the terminal. */
const steering = /[\p{Cc}\p{Cs}\u200E\u200F\u2028\u2029\u202A-\u202E\u2066-\u2069]/gu;

/** Several lines stay several lines; everything else that steers is gone. */
export function cleanLines(data: string): string[] {
  return data.split(/\r\n|[\r\n]/).map((line) => line.replaceAll('\t', '  ').replace(steering, ''));
}

/** One line, whatever it was. */
export function clean(data: string): string {
  return narrow.test(data) ? data : cleanLines(data).join(' ');
}

const wide =
  /[\p{Emoji_Presentation}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\uFF01-\uFF60]/u;
const none = /[\p{M}\u200B-\u200D\uFEFF]/u;

/** Latin letters, which most text is, are one column each and steer nothing. */
const narrow = /^[ -~\u00a1-\u00ac\u00ae-\u02ff]*$/;

export function widthOf(text: string): number {
  if (narrow.test(text)) return text.length;
  let width = 0;
  for (const letter of text) width += none.test(letter) ? 0 : wide.test(letter) ? 2 : 1;
  return width;
}

export function pad(text: string, width: number, side: 'left' | 'right' = 'left'): string {
  const room = ' '.repeat(Math.max(0, width - widthOf(text)));
  return side === 'left' ? text + room : room + text;
}

/** Broken at spaces; a word longer than the width stands on a line of its own, whole, so that it can be copied. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && widthOf(longer) > width) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return [...lines, line];
}
