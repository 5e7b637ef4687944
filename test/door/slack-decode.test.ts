import fc from 'fast-check';
import { expect, test } from 'vitest';
import { behindMention, decode } from '../../adapters/slack/decode.ts';
import { escaped, pieces } from '../../adapters/slack/text.ts';
import { parseWords } from '../../src/chat/parse.ts';

test.each([
  ['a &lt; b &amp;&amp; c &gt; d', 'a < b && c > d'],
  ['&amp;lt;', '&lt;'],
  ['ssh <http://prod.example.com|prod.example.com>', 'ssh prod.example.com'],
  ['<https://h/x?a=1&amp;b=2>', 'https://h/x?a=1&b=2'],
  ['<mailto:a@b.org|a@b.org>', 'a@b.org'],
  ['to <@U2147483697> and <@U2147483697|bob>', 'to @U2147483697 and @U2147483697'],
  ['in <#C024BE91L|ops> or <#C024BE91L>', 'in #ops or #C024BE91L'],
  ['<!channel> <!subteam^S0ONCALL|@oncall> <!subteam^S0ONCALL>', '@channel @oncall @S0ONCALL'],
  ['!approve `7f3a`', '!approve 7f3a'],
])('%s was typed as %s', (sent, typed) => {
  expect(decode(sent)).toBe(typed);
});

test('smart quotes, long dashes and odd spaces are mended before the line is cut into words', () => {
  const parsed = parseWords(decode('!maintenance\u00a0cmp1 —reason “PSU &amp; fans”'), '!');
  expect(parsed).toMatchObject({ kind: 'line' });
  expect(parsed.kind === 'line' && parsed.words.map(({ text }) => text)).toEqual([
    'maintenance',
    'cmp1',
    '--reason',
    'PSU & fans',
  ]);
});

test('whatever is typed arrives as it was typed', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (typed) => {
      fc.pre(!typed.includes('`'));
      expect(decode(escaped(typed))).toBe(typed);
    }),
  );
});

test('only the first words can be a mention of vigie', () => {
  expect(behindMention('<@U1> hosts', 'U1')).toBe('hosts');
  expect(behindMention(' <@U1|vigie>: !hosts', 'U1')).toBe('!hosts');
  expect(behindMention('ask <@U1> about hosts', 'U1')).toBeNull();
  expect(behindMention('<@U2> hosts', 'U1')).toBeNull();
});

test('a text in pieces is the same text, and each piece fits', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), fc.integer({ min: 12, max: 80 }), (text, most) => {
      const cut = pieces(text, most);
      expect(cut.every((piece) => escaped(piece).length <= most)).toBe(true);
      expect(cut.join('').replaceAll('\n', '')).toBe(text.replaceAll('\n', ''));
    }),
  );
}, 60_000);
