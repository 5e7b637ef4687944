import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { validBlocks, validViewBlocks } from './fake/blocks/validate.ts';
import { Refusal } from './fake/refusal.ts';

const plain = (text: string) => ({ type: 'plain_text', text });
const mrkdwn = (text: string) => ({ type: 'mrkdwn', text });
const section = (text: string) => ({ type: 'section', text: mrkdwn(text) });
const button = (more: object = {}) => ({ type: 'button', text: plain('Go'), ...more });
const actions = (...elements: object[]) => ({ type: 'actions', elements });
const cell = (text: string) => ({ type: 'raw_text', text });
const confirm = { title: plain('Sure?'), text: plain('It hurts'), confirm: plain('Yes'), deny: plain('No') };
const x = (length: number) => 'x'.repeat(length);
const many = <T>(length: number, make: (index: number) => T) => Array.from({ length }, (_, index) => make(index));

function refusalOf(blocks: unknown): { code: string; messages: unknown } {
  try {
    validBlocks(blocks);
  } catch (error) {
    if (error instanceof Refusal) return { code: error.code, messages: error.more['errors'] };
    throw error;
  }
  return { code: 'ok', messages: [] };
}

describe('each limit is kept to the character', () => {
  test.each<[string, (size: number) => object[], number]>([
    ['blocks', (size) => many(size, () => ({ type: 'divider' })), 50],
    ['section text', (size) => [section(x(size))], 3000],
    ['fields', (size) => [{ type: 'section', fields: many(size, () => mrkdwn('a')) }], 10],
    ['field text', (size) => [{ type: 'section', fields: [mrkdwn(x(size))] }], 2000],
    ['header', (size) => [{ type: 'header', text: plain(x(size)) }], 150],
    ['context elements', (size) => [{ type: 'context', elements: many(size, () => mrkdwn('a')) }], 10],
    ['actions', (size) => [actions(...many(size, () => button()))], 25],
    ['button text', (size) => [actions(button({ text: plain(x(size)) }))], 75],
    ['button value', (size) => [actions(button({ value: x(size) }))], 2000],
    ['action_id', (size) => [actions(button({ action_id: x(size) }))], 255],
    ['block_id', (size) => [{ type: 'divider', block_id: x(size) }], 255],
    ['markdown', (size) => [{ type: 'markdown', text: x(size) }], 12_000],
    ['confirm title', (size) => [actions(button({ confirm: { ...confirm, title: plain(x(size)) } }))], 100],
    ['confirm text', (size) => [actions(button({ confirm: { ...confirm, text: plain(x(size)) } }))], 300],
    ['confirm button', (size) => [actions(button({ confirm: { ...confirm, confirm: plain(x(size)) } }))], 30],
    ['table rows', (size) => [{ type: 'table', rows: many(size, () => [cell('a')]) }], 100],
    ['table columns', (size) => [{ type: 'table', rows: [many(size, () => cell('a'))] }], 20],
    ['table text', (size) => [{ type: 'table', rows: [[cell(x(size))]] }], 10_000],
  ])('%s', (_, make, most) => {
    expect(refusalOf(make(most)).code).toBe('ok');
    expect(refusalOf(make(most + 1)).code).toBe('invalid_blocks');
  });

  test('all text of a message together', () => {
    expect(refusalOf(many(4, () => section(x(3000)))).code).toBe('ok');
    expect(refusalOf(many(5, () => section(x(2700)))).code).toBe('msg_blocks_too_long');
  });

  test('a Home tab has room for 100', () => {
    expect(validViewBlocks(many(100, () => ({ type: 'divider' })))).toHaveLength(100);
    expect(() => validViewBlocks(many(101, () => ({ type: 'divider' })))).toThrow('invalid_arguments');
  });
});

describe('what is wrong is pointed at', () => {
  test.each<[string, object[], string]>([
    ['length', [section(x(3001))], 'must be less than 3001 characters [json-pointer:/blocks/0/text/text]'],
    ['count', many(51, () => ({ type: 'divider' })), 'no more than 50 items allowed [json-pointer:/blocks]'],
    [
      'unknown field',
      [{ type: 'divider', colour: 'red' }],
      'invalid additional property: colour [json-pointer:/blocks/0]',
    ],
    ['unknown block', [{ type: 'carpet' }], 'unsupported type: carpet [json-pointer:/blocks/0/type]'],
    ['input in a message', [{ type: 'input' }], 'unsupported type: input [json-pointer:/blocks/0/type]'],
    [
      'mrkdwn in a button',
      [actions(button({ text: mrkdwn('a') }))],
      'unsupported type: mrkdwn [json-pointer:/blocks/0/elements/0/text/type]',
    ],
    ['missing field', [{ type: 'header' }], 'missing required field: text [json-pointer:/blocks/0]'],
    ['empty section', [{ type: 'section' }], 'must define either `fields` or `text` [json-pointer:/blocks/0]'],
    ['empty text', [section('')], 'must be more than 0 characters [json-pointer:/blocks/0/text/text]'],
    [
      'block_id twice',
      [
        { type: 'divider', block_id: 'a' },
        { type: 'divider', block_id: 'a' },
      ],
      '`block_id` "a" already exists [json-pointer:/blocks]',
    ],
    [
      'action_id twice',
      [actions(button({ action_id: 'a' }), button({ action_id: 'a' }))],
      '`action_id` "a" already exists [json-pointer:/blocks/0]',
    ],
  ])('%s', (_, blocks, message) => {
    expect(refusalOf(blocks)).toEqual({ code: 'invalid_blocks', messages: [message] });
  });

  test('no JSON, however odd, is anything but taken or refused', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(refusalOf(value).code).toMatch(/^(ok|invalid_blocks|invalid_blocks_format)$/);
        expect(refusalOf([value]).code).toMatch(/^(ok|invalid_blocks)$/);
      }),
    );
  });

  test('any text within its limit is taken, any longer refused', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 4000, unit: 'binary' }), (text) => {
        expect(refusalOf([section(text)]).code).toBe(text.length <= 3000 ? 'ok' : 'invalid_blocks');
      }),
    );
  });
});
