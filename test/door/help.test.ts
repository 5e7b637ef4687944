import { expect, test } from 'vitest';
import type { Report } from '../../src/chat/report.ts';
import { type HelpReader, help } from '../../src/command/help.ts';
import { loadRegistry } from '../../src/command/registry.ts';

const registry = await loadRegistry(new URL('./commands/', import.meta.url));
const everything: HelpReader = { may: () => true, prefix: '!' };
const readOnly: HelpReader = { may: ({ command }) => command.role === 'reader', prefix: '!' };

function tables(report: Report): unknown[] {
  return report.blocks.flatMap((block) => (block.kind === 'table' ? [[block.columns[0], ...block.rows]] : []));
}

test('the overview has one line each, only what the person may say', () => {
  expect(tables(help(registry, '', everything))).toEqual([
    ['Look', ['!tokens count', 'Count token rows']],
    [
      'Change',
      ['!maintenance HOST', 'Empty a compute host'],
      ['!maintenance HOST off', 'Take a host back into service'],
    ],
    [
      'Jobs and vigie itself',
      ['!freeze REASON...', 'Stop every changing step from starting'],
      ['!jobs [STATE]', 'List jobs'],
    ],
  ]);
  expect(tables(help(registry, '', readOnly))).toEqual([
    ['Look', ['!tokens count', 'Count token rows']],
    ['Jobs and vigie itself', ['!jobs [STATE]', 'List jobs']],
  ]);
  expect(help(registry, ' ', { may: () => false, prefix: '!' }).title).toBe(
    'The policy lets you say nothing here; !whoami shows how it knows you.',
  );
});

test('words search in names, summaries and details', () => {
  expect(tables(help(registry, 'HOST', everything))).toEqual([
    [
      'Command',
      ['!maintenance HOST', 'Empty a compute host'],
      ['!maintenance HOST off', 'Take a host back into service'],
    ],
  ]);
  expect(tables(help(registry, 'index silence', readOnly))).toEqual([
    ['Command', ['!tokens count', 'Count token rows']],
  ]);
  expect(help(registry, 'token cuont', everything).title).toBe(
    'nothing you may say here is about "token cuont": did you mean tokens count?',
  );
  expect(help(registry, 'zebra', everything).title).toBe('nothing you may say here is about "zebra"; type !help');
});

test('a command has a page', () => {
  expect(help(registry, '!maintenance off', readOnly)).toEqual({
    title: 'maintenance off',
    tone: 'plain',
    blocks: [
      { kind: 'code', text: '!maintenance HOST off [--adopt] [--cloud CLOUD]' },
      { kind: 'text', text: 'Take a host back into service' },
      {
        kind: 'fields',
        fields: [
          ['HOST', 'compute host'],
          ['--adopt', 'also what another hand disabled'],
          ['--cloud CLOUD', "exactly one cloud; without it the place's own"],
        ],
      },
      { kind: 'code', text: '!maintenance cmp1 off' },
      { kind: 'text', text: 'It changes one thing and can be undone. Operators may say it.' },
      { kind: 'text', text: 'The policy does not let you say it here.' },
    ],
  });
});
