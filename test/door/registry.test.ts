import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { BrokenCommand, loadRegistry } from '../../src/command/registry.ts';
import { usageOf } from '../../src/command/usage.ts';

const registry = await loadRegistry(new URL('./commands/', import.meta.url));

function problem(line: string): string {
  const read = registry.interpret(line);
  return read.ok ? `understood as ${read.name}` : read.problem.title;
}

test('the folder is the registry; helpers that begin with _ are not commands', () => {
  expect(registry.commands.map(({ name, words }) => [name, words])).toEqual([
    ['freeze', 'freeze'],
    ['jobs', 'jobs'],
    ['maintenance', 'maintenance'],
    ['maintenance off', 'maintenance <host> off'],
    ['tokens count', 'tokens count'],
  ]);
});

test('vigie’s own commands obey every rule', async () => {
  const own = await loadRegistry('commands');
  expect(own.commands.length).toBeGreaterThan(20);
  expect(own.interpret('maintenence cmp1')).toMatchObject({
    problem: { title: 'there is no command "maintenence": did you mean maintenance?' },
  });
});

test('maintenance alone is the list, with a host it is the drain', async () => {
  const own = await loadRegistry('commands');
  const nameOf = (line: string) => {
    const read = own.interpret(line);
    return read.ok ? read.name : read.problem.title;
  };
  for (const line of ['maintenance', 'Maintenance --cloud all', 'maintenance list'])
    expect(nameOf(line)).toBe('maintenance list');
  for (const line of ['maintenance cmp1', 'maintenance "list"', 'maintenance cmp1 --reason list'])
    expect(nameOf(line)).toBe('maintenance');
  expect(nameOf('maintenance cmp1 off')).toBe('maintenance off');
  expect(nameOf('maintenance --reason fan')).toContain('maintenance: HOST is missing; type: maintenance HOST');
  const list = own.commands.find(({ name }) => name === 'maintenance list');
  expect(list && usageOf(list)).toBe('maintenance [list] [--cloud CLOUD]');
});

describe('a line', () => {
  test('finds its command, values, clouds and its canonical form', () => {
    expect(registry.interpret("maintenance cmp1 --reason 'PSU swap' --cloud prod")).toMatchObject({
      ok: true,
      name: 'maintenance',
      values: { host: 'cmp1', reason: 'PSU swap' },
      clouds: ['prod'],
      line: 'maintenance cmp1 --reason "PSU swap" --cloud prod',
    });
  });

  test.each([
    'maintenance cmp1 off',
    'Maintenance cmp1 OFF',
    'maintenance --cloud prod cmp1 off',
    'maintenance cmp1 --adopt off',
  ])('%j is the longer command', (line) =>
    expect(registry.interpret(line)).toMatchObject({ ok: true, name: 'maintenance off', values: { host: 'cmp1' } }),
  );

  test('a quoted word is a value, never a command word', () => {
    expect(problem('maintenance cmp1 "off"')).toBe(
      'maintenance: "off" is one word too many; type: maintenance HOST [--reason REASON] [--cloud CLOUD]',
    );
  });

  test.each([
    ['tokens count --full-scan', { fullScan: true }],
    ['tokens count', { fullScan: false }],
    ['jobs --limit=5', { limit: 5, all: false, state: undefined }],
    ['jobs running --all', { limit: 20, all: true, state: 'running' }],
    ['jobs -- running', { state: 'running' }],
    ['freeze disk swap on rack 4', { reason: 'disk swap on rack 4' }],
    ['freeze "disk swap"', { reason: 'disk swap' }],
    ['freeze --cloud prod say "so it is" twice --really', { cloud: 'prod', reason: 'say "so it is" twice --really' }],
    ['freeze -- --cloud is odd', { cloud: undefined, reason: '--cloud is odd' }],
  ])('%j has its values', (line, values) => {
    expect(registry.interpret(line)).toMatchObject({ ok: true, values });
  });

  test.each([
    ['tokens count --cloud a,b,a', ['a', 'b']],
    ['tokens count --cloud all', ['all']],
    ['tokens count', []],
    ['maintenance cmp1 --cloud a', ['a']],
  ])('%j names its clouds', (line, clouds) => {
    expect(registry.interpret(line)).toMatchObject({ ok: true, clouds });
  });
});

describe('a line that is wrong hears what to type', () => {
  test.each([
    ['maintenence cmp1', 'there is no command "maintenence": did you mean maintenance?'],
    ['tokns cuont', 'there is no command "tokns cuont": did you mean tokens count?'],
    ['tokens', 'tokens needs one more word: tokens count'],
    ['tokens cont', 'there is no command "tokens cont": did you mean tokens count?'],
    ['tokens purge', 'tokens needs one more word: tokens count'],
    ['flurble', 'there is no command "flurble": type help'],
    ['maintenance', 'maintenance: HOST is missing; type: maintenance HOST [--reason REASON] [--cloud CLOUD]'],
    ['maintenance cmp1 --reasn x', 'maintenance: there is no --reasn: did you mean --reason?'],
    ['maintenance cmp1 --x', 'maintenance: there is no --x: it takes --reason, --cloud'],
    ['maintenance --help', 'maintenance: type help and the command'],
    ['maintenance cmp1 --reason', 'maintenance: --reason needs a value: type --reason REASON'],
    ['maintenance cmp1 --reason --cloud a', 'maintenance: --reason needs a value: type --reason REASON'],
    ['maintenance cmp1 --reason a --reason b', 'maintenance: --reason is given twice: keep one'],
    ['maintenance cmp1 --cloud a,b', 'maintenance: it changes something, so --cloud names exactly one cloud, not a,b'],
    ['maintenance cmp1 --cloud all', 'maintenance: it changes something, so --cloud names exactly one cloud, not all'],
    ['tokens count --cloud a/b', `tokens count: --cloud "a/b": type a cloud's name, several as a,b or all`],
    ['tokens count --full-scan=yes', 'tokens count: --full-scan takes no value: type --full-scan alone'],
    ['maintenance "cmp 1"', 'maintenance: HOST "cmp 1": a host name has letters, digits, dots, dashes and underscores'],
    [
      `maintenance cmp1 --reason ${'a'.repeat(21)}`,
      `maintenance: --reason "${'a'.repeat(21)}": must have at most 20 characters`,
    ],
    ['jobs stuck', 'jobs: STATE "stuck": must be running or waiting'],
    ['jobs --limit many', 'jobs: --limit "many": must be a number'],
    ['jobs --limit 1.5', 'jobs: --limit "1.5": must be a whole number'],
    ['jobs --limit 0', 'jobs: --limit "0": must be at least 1'],
    ['freeze', 'freeze: REASON is missing; type: freeze [--cloud CLOUD] REASON...'],
    ['freeze storage --cloud prod', 'freeze: --cloud comes before the words: put it right behind the command'],
    ['freeze "open', 'the " at character 8 is never closed: add a " where the words end'],
  ])('%j', (line, said) => expect(problem(line)).toBe(said));
});

describe('a file that breaks a rule stops the start with its name', () => {
  const made: string[] = [];
  afterEach(async () => {
    for (const folder of made.splice(0)) await rm(folder, { recursive: true });
  });

  async function folder(files: Record<string, string>): Promise<string> {
    const root = await mkdtemp(join(tmpdir(), 'vigie-commands-'));
    made.push(root);
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(root, name)), { recursive: true });
      await writeFile(join(root, name), text);
    }
    return root;
  }

  function source(facts: string): string {
    const whole = `{kind: 'control', summary: 'x y', examples: ['ping'], role: 'reader', risk: 'read', args: {}, ...${facts}}`;
    return `export default ${whole};`;
  }

  test.each([
    ['ping.mjs.js', 'export default 5;', 'its default export is not made by query, change or control'],
    ['ping.js', 'export const x = ;', ''],
    ['ping.js', source(`{summary: 'Ping.'}`), 'its summary is one line without a full stop at its end'],
    [
      'ping.js',
      source(`{examples: ['pong']}`),
      'its example "pong" does not parse: there is no command "pong": did you mean ping?',
    ],
    ['ping.js', source(`{words: 'Ping It'}`), 'its words "Ping It" are not lower-case words with <placeholders>'],
    ['ping.js', source(`{short: 'pong'}`), 'its short form "pong" is not the beginning of its words'],
    ['ping.js', source(`{words: 'ping <host> off'}`), '<host> in its words is not one of its positional args'],
  ])('%s: %s', async (name, text, why) => {
    const root = await folder({ 'package.json': '{"type": "module"}', [name]: text });
    await expect(loadRegistry(root)).rejects.toThrow(BrokenCommand);
    await expect(loadRegistry(root)).rejects.toThrow(`${join(root, name)}: ${why}`);
  });

  test('two files of one name', async () => {
    const ping = source('{}');
    const root = await folder({ 'package.json': '{"type": "module"}', 'ping.js': ping, 'ping/index.js': ping });
    await expect(loadRegistry(root)).rejects.toThrow('another file is "ping" too');
  });
});
