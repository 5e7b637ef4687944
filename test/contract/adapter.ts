import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Adapter, Later, type Message, NotTaken, type Place, type PostOptions } from '../../src/chat/message.ts';
import type { Report } from '../../src/chat/report.ts';

/** One chat with one person in it, in front of an adapter. */
export interface Chat {
  readonly adapter: Adapter;
  readonly place: Place;
  /** The person's account, as policy.yaml writes it. */
  readonly account: string;
  /** Says a line to vigie in the place, prefix and all. */
  say(text: string): Promise<void>;
  /** All that the person has read so far. */
  read(): string;
  close(): Promise<void>;
}

export type Hear = (message: Message) => Promise<void>;

const steering = /(?!\n)[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;
let posts = 0;

function news(more: Partial<PostOptions> = {}): PostOptions {
  posts += 1;
  return { key: `contract:${posts}`, weight: 'news', ...more };
}

const plain = (title: string, blocks: Report['blocks'] = []): Report => ({ title, tone: 'plain', blocks });

const going = (done: number): Report =>
  plain(`maintenance cmp7: ${done} of 9 steps`, [
    {
      kind: 'steps',
      steps: Array.from({ length: 9 }, (_, step) => ({
        label: `move web-${step}`,
        state: step < done ? 'done' : step === done ? 'running' : 'waiting',
        note: '',
      })),
    },
  ]);

/** What every chat owes the trunk. `open` begins a chat whose adapter tells what it hears to `hear`. */
export function adapterContract(open: (hear: Hear) => Promise<Chat>): void {
  let chat: Chat;
  const heard: Message[] = [];
  let refusal: NotTaken | null = null;
  beforeAll(async () => {
    chat = await open(async (message) => {
      if (refusal !== null) throw refusal;
      heard.push(message);
    });
  }, 120_000);
  afterAll(() => chat?.close());

  const reads = (what: RegExp | string, after = 0) =>
    expect.poll(() => chat.read().slice(after), { timeout: 15_000 }).toMatch(what);

  test('a line is heard once, with the account of who said it and the place', async () => {
    heard.length = 0;
    await chat.say('!servers --host cmp1');
    await chat.say('!servers --host cmp1');
    await expect.poll(() => heard.length, { timeout: 10_000 }).toBe(2);
    const [first, second] = heard;
    expect(first).toMatchObject({ from: { account: chat.account }, text: '!servers --host cmp1' });
    expect(first?.place.id).toBe(chat.place.id);
    expect(first?.key).not.toBe(second?.key);
    expect(first?.key.length).toBeLessThanOrEqual(191);
  });

  test('what could not be kept is told to who said it', async () => {
    const before = chat.read().length;
    refusal = new NotTaken('vigie cannot write just now: say it again in a minute');
    await chat.say('!hosts');
    await reads(/say it again in a minute/, before);
    refusal = null;
  });

  test('a report is read whole: title, words, what to type, whose it is', async () => {
    const before = chat.read().length;
    const receipt = await chat.adapter.post(
      chat.place,
      {
        ...plain('protect web-1', [{ kind: 'text', text: 'DELETE answers 204 and does nothing' }]),
        replies: [{ label: 'Approve', line: '!approve 7f3a' }],
        footer: '7f3a · prod',
      },
      news(),
    );
    expect(receipt.place.id).toBe(chat.place.id);
    expect(receipt.handle).not.toBe('');
    for (const word of ['protect web-1', 'DELETE answers 204', '7f3a · prod']) await reads(word, before);
    await reads(chat.adapter.able.buttons ? /Approve/ : /!approve 7f3a/, before);
  });

  test('nothing that steers a client gets through, wherever it stands', async () => {
    const before = chat.read().length;
    const evil = 'x\u0007\u001b]0;t\u0007\r\nQUIT\u0000\u0001ACTION\u0001\u202ey';
    await chat.adapter.post(
      chat.place,
      {
        title: `title ${evil}`,
        tone: 'bad',
        blocks: [
          { kind: 'fields', fields: [[evil, evil]] },
          { kind: 'table', columns: [evil], rows: [[evil]] },
          { kind: 'code', text: evil },
        ],
        footer: evil,
      },
      news(),
    );
    await reads('title', before);
    expect(chat.read()).not.toMatch(steering);
  });

  test('posts of one place are read in their order', async () => {
    const before = chat.read().length;
    const numbers = Array.from({ length: 12 }, (_, number) => number);
    const ahead = chat.adapter.ahead ?? 1;
    for (let at = 0; at < numbers.length; at += ahead)
      await Promise.all(
        numbers.slice(at, at + ahead).map((n) => chat.adapter.post(chat.place, plain(`number ${n}.`), news())),
      );
    await reads('number 11.', before);
    const said = [
      ...chat
        .read()
        .slice(before)
        .matchAll(/number (\d+)\./g),
    ].map(([, n]) => Number(n));
    expect(said).toEqual(numbers);
  });

  test('a text of 5,000 bytes reaches the one who asked complete and unbroken', async () => {
    const before = chat.read().length;
    const words = Array.from({ length: 420 }, (_, n) => `w${n}-é🙂a\u0301`);
    await chat.adapter.post(
      chat.place,
      plain('a long story', [{ kind: 'text', text: words.join(' ') }]),
      news({ to: chat.account }),
    );
    await reads('w419-', before);
    const said = [
      ...chat
        .read()
        .slice(before)
        .matchAll(/w\d+-\S+/g),
    ].map(([word]) => word.normalize('NFD'));
    expect(said).toEqual(words.map((word) => word.normalize('NFD')));
  }, 60_000);

  test('a card that goes on is told now and then, and its end at once', async () => {
    const before = chat.read().length;
    const options = news();
    const receipt = await chat.adapter.post(chat.place, going(0), options);
    for (let done = 1; done < 9; done += 1)
      await chat.adapter
        .revise(receipt, going(done), going(done - 1), { key: options.key, weight: 'progress', phase: 'running' })
        .catch((error: unknown) => {
          if (!(error instanceof Later)) throw error;
        });
    const end: Report = { ...plain('cmp7 is empty'), tone: 'good' };
    await chat.adapter.revise(receipt, end, going(8), { key: options.key, weight: 'news', phase: 'ended' });
    await reads('cmp7 is empty', before);
  });

  test('a post nobody made is not found', async () => {
    expect(await chat.adapter.find(chat.place, 'contract:none')).toBeNull();
  });

  test('once stopped it is not connected, and what is posted is due again', async () => {
    await chat.adapter.stop();
    expect(chat.adapter.connected()).toBe(false);
    await expect(chat.adapter.post(chat.place, plain('too late'), news())).rejects.toThrow();
  });
}
