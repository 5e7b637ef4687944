import { PassThrough } from 'node:stream';
import { setImmediate as tick } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { type ConsoleOptions, createConsole } from '../../adapters/console/console.ts';
import type { Message } from '../../src/chat/message.ts';
import { say } from '../../src/chat/report.ts';

function terminal(options: Partial<ConsoleOptions> = {}) {
  const input = new PassThrough();
  const output = new PassThrough();
  const heard: Message[] = [];
  const console = createConsole({
    input,
    output,
    tty: false,
    place: 'console:local',
    account: 'console:alice',
    speakers: false,
    ...options,
  });
  const text = () => String(output.read() ?? '');
  return { input, console, heard, text, hear: async (message: Message) => void heard.push(message) };
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await tick();
}

test('lines from a pipe are said one after another, each when the one before is answered', async () => {
  const answers: (() => void)[] = [];
  const { input, console, heard, hear } = terminal({ answered: () => new Promise((resolve) => answers.push(resolve)) });
  let over = false;
  void console.ended.then(() => {
    over = true;
  });
  await console.start(hear);
  input.end('!tokens count\n\n  !hosts  \n');
  await until(() => answers.length === 1);
  expect(heard.map(({ text }) => text)).toEqual(['!tokens count']);
  answers[0]?.();
  await until(() => answers.length === 2);
  expect(heard).toMatchObject([
    { from: { account: 'console:alice', name: 'alice' }, place: { id: 'console:local' } },
    { text: '!hosts' },
  ]);
  expect(heard[0]?.key).not.toBe(heard[1]?.key);
  expect(over).toBe(false);
  answers[1]?.();
  await console.ended;
});

test('no input at all ends at once', async () => {
  const { input, console, hear } = terminal();
  await console.start(hear);
  input.end();
  await console.ended;
});

test('another may speak only where speakers are allowed', async () => {
  const strict = terminal();
  await strict.console.start(strict.hear);
  strict.input.end('as bob: !approve\n');
  await strict.console.ended;
  expect(strict.heard).toEqual([]);
  expect(strict.text()).toContain('"as bob:" works only in the demo; here you are console:alice');

  const demo = terminal({ speakers: true });
  await demo.console.start(demo.hear);
  demo.input.end('as bob: !approve\n');
  await demo.console.ended;
  expect(demo.heard).toMatchObject([{ from: { account: 'console:bob', name: 'bob' }, text: '!approve' }]);
});

test('a line without the prefix hears how lines begin', async () => {
  const { input, console, heard, hear, text } = terminal();
  await console.start(hear);
  input.end('help\n');
  await console.ended;
  expect(heard).toEqual([]);
  expect(text()).toBe('vigie> help\nlines to vigie begin with !: type !help\n');
});

test('progress is said every ten seconds at most, a change of state at once, and whose it is', async () => {
  let now = 0;
  const { console, text } = terminal({ now: () => now });
  const place = { adapter: 'console', id: 'console:local', kind: 'channel' } as const;
  const at = (state: 'running' | 'done', note: string) => ({
    ...say('Drain cmp1'),
    blocks: [{ kind: 'steps' as const, steps: [{ label: 'move a', state, note }] }],
  });
  const receipt = await console.post(place, at('running', ''), { key: 'card', weight: 'news' });
  text();
  const revise = async (to: ReturnType<typeof at>, from: ReturnType<typeof at>) => {
    await console.revise(receipt, to, from, { key: 'card', weight: 'progress' });
    return text();
  };
  expect(await revise(at('running', '10 %'), at('running', ''))).toBe('  ▸ move a  10 %\n');
  expect(await revise(at('running', '20 %'), at('running', '10 %'))).toBe('');
  now += 10_000;
  expect(await revise(at('running', '30 %'), at('running', '20 %'))).toBe('  ▸ move a  30 %\n');
  await console.post(place, say('somebody else'), { key: 'note', weight: 'news', to: 'console:bob' });
  expect(text()).toBe('(to console:bob alone)\nsomebody else\n');
  expect(await revise(at('done', ''), at('running', '30 %'))).toBe('Drain cmp1\n  ✓ move a\n');
});

test('a terminal that says it has no width is taken as an ordinary one', async () => {
  const output = Object.assign(new PassThrough(), { columns: 0 });
  const { console } = terminal({ tty: true, colour: false, output });
  await console.post({ adapter: 'console', id: 'console:local', kind: 'channel' }, say('so many words on one line'), {
    key: 'n',
    weight: 'news',
  });
  expect(String(output.read())).toBe('so many words on one line\n');
});

test('where somebody types, posts stand above the half-typed line, and Ctrl-C is handed on', async () => {
  let interrupted = 0;
  const { input, console, heard, hear, text } = terminal({
    tty: true,
    colour: false,
    interrupted: () => {
      interrupted += 1;
    },
  });
  await console.start(hear);
  expect(text()).toContain('vigie> ');
  input.write('!hos');
  await until(() => text().includes('s'));
  await console.post({ adapter: 'console', id: 'console:local', kind: 'channel' }, say('news'), {
    key: 'n',
    weight: 'news',
  });
  const shown = text();
  expect(shown).toContain('\u001b[0Jnews\n');
  expect(shown.slice(shown.indexOf('news'))).toContain('vigie> !hos');
  input.write('ts\r');
  await until(() => heard.length === 1);
  expect(heard).toMatchObject([{ text: '!hosts' }]);
  input.write('\u0003');
  await until(() => interrupted === 1);
  await console.stop();
  expect(console.connected()).toBe(false);
  const place = { adapter: 'console', id: 'console:local', kind: 'channel' } as const;
  await expect(console.post(place, say('too late'), { key: 'late', weight: 'news' })).rejects.toThrow(
    'the terminal is closed',
  );
  await console.ended;
});
