import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Later, PlaceRefused } from '../../src/chat/message.ts';
import { say } from '../../src/chat/report.ts';
import { deliver } from '../../src/jobs/deliver.ts';
import { insertNote } from '../../src/jobs/deliveries.ts';
import { type DeliverParts, openVoice } from '../../src/jobs/voice.ts';
import { type Database, openDatabase } from '../../src/mysql/database.ts';
import { freshDatabase, type TestDatabase } from '../setup/servers.ts';
import { openRoom, type Room, room } from '../story.ts';
import { gate, openToyStory, toy } from './toys.ts';

let fresh: TestDatabase;
let database: Database;
let chat: Room;
beforeEach(async () => {
  fresh = await freshDatabase('deliveries');
  database = await openDatabase(fresh.url);
  chat = openRoom();
});
afterEach(async () => {
  await database.close();
  await fresh.drop();
});

const operations = { ...room, id: 'test:room/ops' };

function parts(more: Partial<DeliverParts> = {}): DeliverParts {
  const log = pino({ level: 'silent' });
  return {
    database,
    adapter: chat,
    log,
    prefix: '!',
    operations: () => operations,
    mayGoOn: async () => true,
    mine: () => true,
    ...more,
  };
}

async function note(key: string, place = room, aside?: string): Promise<void> {
  const whom = aside === undefined ? {} : { aside };
  await database.transaction((rows) => insertNote(rows, { key, place, report: say(key), ...whom }));
}

/** One round of the voice, until each place has had its turn. */
async function round(asked: DeliverParts): Promise<number> {
  const turns = await deliver(asked, openVoice());
  await Promise.all(turns);
  return turns.length;
}

function titles(): string[] {
  return chat.posts.map(({ report }) => report.title);
}

async function dueAgain(): Promise<void> {
  await database.rows
    .updateTable('delivery')
    .set({ next_at: new Date(0) })
    .execute();
}

test('what fails for a while keeps its turn in its place, and other places do not wait for it', async () => {
  const post = chat.post;
  let broken = true;
  chat.post = async (place, report, options) => {
    if (broken && report.title === 'first') throw new Error('rate limited');
    return post(place, report, options);
  };
  await note('first');
  await note('second');
  await note('elsewhere', { ...room, id: 'test:room/b' });
  while ((await round(parts())) > 0);
  expect(titles()).toEqual(['elsewhere']);
  broken = false;
  await dueAgain();
  await round(parts());
  expect(titles()).toEqual(['elsewhere', 'first', 'second']);
});

test('what failed and may come late keeps nothing back', async () => {
  const post = chat.post;
  const failures = [new Error('throttled'), new Later(120_000)];
  chat.post = async (place, report, options) => {
    const failure = report.title === 'how far' ? failures.shift() : undefined;
    if (failure !== undefined) throw failure;
    return post(place, report, options);
  };
  await note('how far');
  await round(parts());
  await dueAgain();
  await round(parts());
  await note('an answer');
  await round(parts());
  expect(titles()).toEqual(['an answer']);
  await dueAgain();
  await round(parts());
  expect(titles()).toEqual(['an answer', 'how far']);
});

test('a place in which something takes long holds up no other place, and nothing overtakes there', async () => {
  const post = chat.post;
  const slow = gate();
  chat.post = async (place, report, options) => {
    if (report.title === 'long') await slow.opened;
    return post(place, report, options);
  };
  const voice = openVoice();
  await note('long');
  await note('after it');
  await note('elsewhere', { ...room, id: 'test:room/b' });
  const first = await deliver(parts(), voice);
  await first[1];
  expect(titles()).toEqual(['elsewhere']);
  await note('also elsewhere', { ...room, id: 'test:room/b' });
  await Promise.all(await deliver(parts(), voice));
  expect(titles()).toEqual(['elsewhere', 'also elsewhere']);
  slow.open();
  await Promise.all(first);
  expect(titles().slice(2)).toEqual(['long', 'after it']);
});

test('where some may be said at once, what is long keeps back neither the place nor anybody else in it', async () => {
  const post = chat.post;
  const slow = gate();
  chat.post = async (place, report, options) => {
    if (report.title.startsWith('long')) await slow.opened;
    return post(place, report, options);
  };
  const voice = openVoice();
  const asked = parts({ adapter: { ...chat, ahead: 8, post: (...said) => chat.post(...said) } });
  await note('long, for all');
  for (const who of ['alice', 'bob', 'carol'])
    for (let page = 0; page < 3; page += 1) await note(`long ${page} for ${who}`, room, `test:${who}`);
  const pages = await deliver(asked, voice);
  await expect.poll(() => voice.underWay.size).toBe(10);
  await note('short');
  await note('short for alice', room, 'test:alice');
  const short = await deliver(asked, voice);
  await Promise.all(short);
  expect(titles()).toEqual(['short', 'short for alice']);
  slow.open();
  await Promise.all(pages);
  expect(titles()).toHaveLength(12);
});

test('what has begun to be said ends, and what waits behind others is begun by nobody else', async () => {
  const post = chat.post;
  const [first, others] = [gate(), gate()];
  chat.post = async (place, report, options) => {
    await (report.title === 'first' ? first : others).opened;
    return post(place, report, options);
  };
  const voice = openVoice();
  const asked = parts({ adapter: { ...chat, ahead: 4, post: (...said) => chat.post(...said) } });
  await note('first');
  const one = await deliver(asked, voice);
  await expect.poll(() => voice.busy.size).toBe(0);
  for (const next of ['second', 'third', 'fourth']) await note(next);
  const more = await deliver(asked, voice);
  await expect.poll(() => voice.underWay.size).toBe(4);
  first.open();
  await Promise.all(one);
  expect(await deliver(asked, voice)).toEqual([]);
  others.open();
  await Promise.all(more);
  expect(titles()).toEqual(['first', 'second', 'third', 'fourth']);
});

/** Each is said once its gate is open; `fails` never is. */
function held(fails: string, all = gate(), one = gate()) {
  const begun: string[] = [];
  const post = chat.post;
  chat.post = async (place, report, options) => {
    begun.push(report.title);
    await (report.title === fails ? one : all).opened;
    if (report.title === fails) throw new Error('throttled');
    return post(place, report, options);
  };
  return { begun, say: all.open, fail: one.open };
}

test('of what comes one by one no more is begun than may be under way', async () => {
  const { begun, say: open } = held('');
  const voice = openVoice();
  const asked = parts({ adapter: { ...chat, ahead: 8, post: (...said) => chat.post(...said) } });
  const turns: Promise<void>[] = [];
  const names = Array.from({ length: 12 }, (_, at) => `n${at}`);
  for (const name of names) {
    await note(name);
    turns.push(...(await deliver(asked, voice)));
    await expect.poll(() => voice.busy.size === 0 || voice.underWay.size > 4).toBe(true);
  }
  expect([begun.length, voice.underWay.size]).toEqual([5, 5]);
  open();
  await Promise.all(turns);
  await Promise.all(await deliver(asked, voice));
  expect(titles()).toEqual(names);
});

test('with one that fails whatever has not begun in its place waits, whenever it was read', async () => {
  const { begun, say: open, fail } = held('first');
  const voice = openVoice();
  const asked = parts({ adapter: { ...chat, ahead: 4, post: (...said) => chat.post(...said) } });
  await note('first');
  const one = await deliver(asked, voice);
  await expect.poll(() => voice.busy.size).toBe(0);
  for (const next of ['second', 'third', 'fourth', 'fifth']) await note(next);
  const more = await deliver(asked, voice);
  await expect.poll(() => voice.underWay.size).toBe(4);
  fail();
  await Promise.all(one);
  open();
  await Promise.all(more);
  expect(begun).toEqual(['first', 'second', 'third', 'fourth']);
});

test('what is for several people in one place begins in order', async () => {
  const asked = parts({ adapter: { ...chat, ahead: 8 } });
  const people = Array.from({ length: 30 }, (_, who) => `p${who}`);
  for (const who of people) await note(who, room, who === 'p7' ? undefined : `test:${who}`);
  await Promise.all(await deliver(asked, openVoice()));
  expect(titles()).toEqual(people);
});

test('what fails for many minutes lets the others pass', async () => {
  const post = chat.post;
  chat.post = async (place, report, options) => {
    if (report.title === 'first') throw new Error('the renderer cannot');
    return post(place, report, options);
  };
  await note('first');
  await note('second');
  await database.rows.updateTable('delivery').set({ attempts: 9 }).where('delivery_key', '=', 'first').execute();
  while ((await round(parts())) > 0);
  expect(titles()).toEqual(['second']);
});

test('what can no longer be read, or is refused for good, ends and is told where operators read', async () => {
  await note('unreadable');
  await database.rows.updateTable('delivery').set({ report: '{"title":1}' }).execute();
  await note('fine');
  await round(parts());
  await round(parts());
  expect(titles()).toEqual(['fine', expect.stringContaining('could not be said in test:room')]);
  chat.post = async () => {
    throw new PlaceRefused('archived');
  };
  await note('gone');
  await round(parts());
  const states = await database.rows.selectFrom('delivery').select(['delivery_key', 'state']).orderBy('id').execute();
  expect(states.filter(({ state }) => state === 'undeliverable').map((row) => row.delivery_key)).toEqual([
    'unreadable',
    'gone',
  ]);
});

test('a bot that was frozen says nothing that another has said meanwhile', async () => {
  await note('once');
  let frozen = true;
  await round(
    parts({
      // Between reading what is due and saying it, this bot is frozen, and another one says it.
      mayGoOn: async () => {
        if (frozen) {
          frozen = false;
          await round(parts());
        }
        return true;
      },
    }),
  );
  expect(titles()).toEqual(['once']);
  await note('late');
  await round(parts({ mine: () => false }));
  expect(titles()).toEqual(['once']);
  await round(parts());
  expect(titles()).toEqual(['once', 'late']);
});

test('a bot told to stop lets what it is saying be said, and writes that it was', async () => {
  const story = await openToyStory(toy());
  const post = story.room.post;
  const slow = gate();
  story.room.post = async (place, report, options) => {
    await slow.opened;
    return post(place, report, options);
  };
  await story.mutter('rita', '!look');
  await story.until('it is being said', async () => {
    const rows = await story.database.rows.selectFrom('delivery').select('tried').execute();
    return rows.some(({ tried }) => Number(tried) === 1);
  });
  setTimeout(slow.open, 500);
  await story.bot.stop();
  expect(await story.database.rows.selectFrom('delivery').select('state').execute()).toEqual([{ state: 'done' }]);
  await story.stop();
}, 30_000);
