import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lineLimit, parseWords, quoteWords, type Word } from '../../src/chat/parse.ts';

function words(text: string): string[] {
  const parsed = parseWords(text, '!');
  return parsed.kind === 'line' ? parsed.words.map((word) => word.text) : [parsed.kind];
}

function problem(text: string): string {
  const parsed = parseWords(text, '!');
  return parsed.kind === 'problem' ? parsed.problem : parsed.kind;
}

describe('what is said to the bot', () => {
  test.each(['hello', '', '!', '!!!', '! help', '!?', 'say !help'])('%j is not', (text) => {
    expect(parseWords(text, '!')).toEqual({ kind: 'none' });
  });

  test('a line is cut at spaces, any spaces', () => {
    expect(words('  !tokens\u00a0 count\t--cloud prod ')).toEqual(['tokens', 'count', '--cloud', 'prod']);
  });

  test('a saved line is read without a prefix', () => {
    expect(parseWords('tokens count', '')).toMatchObject({ kind: 'line', canonical: 'tokens count' });
  });
});

describe('quotes', () => {
  test('keep words together, and a backslash keeps a quote', () => {
    expect(words(String.raw`!disable cmp1 --reason "PSU \"B\" is \\ dead" 'it is' --until="2 d"`)).toEqual([
      'disable',
      'cmp1',
      '--reason',
      String.raw`PSU "B" is \ dead`,
      'it is',
      '--until=2 d',
    ]);
  });

  test('an apostrophe inside a word opens nothing', () => {
    expect(words("!freeze it's broken, don’t touch")).toEqual(['freeze', "it's", 'broken,', "don't", 'touch']);
  });

  test('a quoted word is marked, so that it is never an option', () => {
    expect(parseWords('!deny "--now" --now', '!')).toMatchObject({
      words: [
        { text: 'deny', quoted: false },
        { text: '--now', quoted: true },
        { text: '--now', quoted: false },
      ],
    });
  });

  test('one that is never closed is said with its place', () => {
    expect(problem('!disable cmp1 --reason "disk')).toBe(
      'the " at character 24 is never closed: add a " where the words end',
    );
  });
});

describe('what keyboards and chats put in', () => {
  test('smart quotes, dashes and dots become plain', () => {
    expect(words('!disable cmp1 —reason “rack 4 — PSU…” –until 2d')).toEqual([
      'disable',
      'cmp1',
      '--reason',
      'rack 4 - PSU...',
      '--until',
      '2d',
    ]);
  });

  test('invisible characters vanish', () => {
    expect(words('\ufeff!ho\u200bst cmp\u20601')).toEqual(['host', 'cmp1']);
  });

  test.each([
    ['!host \u001b[31mcmp1', 'the line holds ESC (U+001B) at character 6: type it again without that'],
    ['!host a\u0000b', 'the line holds NUL (U+0000) at character 7: type it again without that'],
    ['!host a\nb', 'the line holds a line break (U+000A) at character 7: type it again without that'],
    [
      '!host \u202ecmp',
      'the line holds a mark that turns the reading direction (U+202E) at character 6: type it again without that',
    ],
    ['!host \ud83d', 'the line holds half a character (U+D83D) at character 6: type it again without that'],
  ])('%j is refused by name', (text, said) => {
    expect(problem(text)).toBe(said);
  });

  test('a line of 5,000 characters is refused with the limit', () => {
    expect(problem(`!${'a'.repeat(5000)}`)).toBe('a line has at most 2,000 characters, this one has 5,000: shorten it');
    expect(parseWords(`!${'a'.repeat(lineLimit)}`, '!').kind).toBe('line');
    expect(problem(`!a '${'"'.repeat(1500)}'`)).toBe(
      'a line has at most 2,000 characters, this one has 3,004: shorten it',
    );
  });
});

test('the canonical line parses to the same words, and to itself', () => {
  const piece = fc.oneof(
    fc.string({
      unit: fc.constantFrom(
        'a',
        'Z',
        '7',
        ' ',
        '=',
        '"',
        "'",
        '\\',
        '-',
        '—',
        '“',
        '”',
        '’',
        '…',
        '\u00a0',
        '\u200b',
        'é',
        '💾',
      ),
    }),
    fc.string({ unit: 'binary' }),
  );
  fc.assert(
    fc.property(piece, (text) => {
      const parsed = parseWords(`!a${text}`, '!');
      if (parsed.kind !== 'line') return;
      expect(parseWords(parsed.canonical, '')).toEqual(parsed);
      expect(parseWords(`!${parsed.canonical}`, '!')).toEqual(parsed);
    }),
    { numRuns: 300 },
  );
});

test('quoted words survive whatever they hold', () => {
  const word = fc.record({
    text: fc.string({ unit: fc.constantFrom('a', ' ', '"', "'", '\\', '=') }),
    quoted: fc.constant(true),
  });
  fc.assert(
    fc.property(fc.array<Word>(word, { minLength: 1 }), (all) => {
      expect(parseWords(quoteWords(all), '')).toMatchObject({ words: all });
    }),
  );
});
