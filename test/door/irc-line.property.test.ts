import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lineOf, split, Unsendable } from '../../adapters/irc/line.ts';

const nasty = fc.string({
  unit: fc.oneof(
    fc.constantFrom('\r', '\n', '\0', '\u0001', ' ', ':', '@', ';', '\u2028', '\ud800', 'é', '😀'),
    fc.string({ minLength: 1, maxLength: 1 }),
  ),
});

test('whatever stands in its parameters, a line is one line and the command that was meant', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('PRIVMSG', 'NOTICE', 'TOPIC', 'JOIN', 'WHOIS', 'MODE'),
      nasty,
      nasty,
      (command, first, last) => {
        let line: string;
        try {
          line = lineOf({ command, params: [first, last] });
        } catch (error) {
          expect(error).toBeInstanceOf(Unsendable);
          return;
        }
        for (const letter of '\r\n\0\u0001') expect(line).not.toContain(letter);
        expect(line.split(' ').slice(0, 2)).toEqual([command, first]);
        expect(line.slice(`${command} ${first} `.length).startsWith(':')).toBe(true);
      },
    ),
  );
});

test('tags hold any value and no strange key', () => {
  fc.assert(
    fc.property(nasty, (value) => {
      const line = lineOf({ command: 'TAGMSG', params: ['#ops'], tags: { '+draft/reply': value } });
      expect(line).toMatch(/^@\+draft\/reply(=[^ ;]*(\\:[^ ;]*)*)? TAGMSG :#ops$/);
    }),
  );
  expect(() => lineOf({ command: 'TAGMSG', params: ['#ops'], tags: { 'a b': 'x' } })).toThrow(Unsendable);
});

test('a text is split at words, within bytes, never inside a character, and nothing is lost but spaces', () => {
  const word = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }).map((text) => text.replace(/\s/gu, '_'));
  fc.assert(
    fc.property(fc.array(word, { maxLength: 60 }), fc.integer({ min: 60, max: 400 }), (words, bytes) => {
      const text = words.join(' ');
      const parts = split(text, bytes);
      for (const part of parts) expect(Buffer.byteLength(part)).toBeLessThanOrEqual(bytes);
      // Words of somebody else's never begin a line: another bot could take them for an order.
      for (const part of parts.slice(1)) expect(part).toMatch(/^ {2}/);
      expect(parts.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
    }),
  );
});
