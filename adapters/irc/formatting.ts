const [colour, hexColour] = ['\u0003', '\u0004'];
const marks = '[\u0002\u000f\u0011\u0016\u001d\u001e\u001f]';
const formatting = new RegExp(
  `${colour}(?:\\d{1,2}(?:,\\d{1,2})?)?|${hexColour}(?:[0-9A-Fa-f]{6}(?:,[0-9A-Fa-f]{6})?)?|${marks}`,
  'g',
);

/** Without bold and colours: what people read, and what is left of a line where a channel takes no colours. */
export function plain(text: string): string {
  return text.replace(formatting, '');
}
