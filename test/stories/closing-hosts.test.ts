import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { remindOfLeases } from '../../src/jobs/lease-times.ts';
import { dbIn } from '../../src/jobs/store.ts';
import { openStage, type Stage } from './stage.ts';

vi.setConfig({ testTimeout: 200_000, hookTimeout: 200_000 });

let stage: Stage;
let host: string;

beforeAll(async () => {
  stage = await openStage();
  host = await stage.cloud.ownHost();
});
afterAll(() => stage?.close());

async function reason(): Promise<string> {
  const { status, disabled_reason: why } = await stage.cloud.service(host);
  return `${status} ${why ?? '-'}`;
}

test('disable closes a host with the job in the reason; enable opens what vigie closed', async () => {
  const closed = await stage.run(`disable ${host} --reason "disk errors" --until 2h`);
  expect(closed.state).toBe('done');
  expect(await reason()).toBe(`disabled vigie ${closed.job} by alice: disk errors`);
  expect(await stage.say('rita', 'maintenance')).toMatch(new RegExp(`${host}.*alice.*disk errors`));
  expect((await stage.run(`enable ${host}`)).state).toBe('done');
  expect(await reason()).toBe('enabled -');
});

test('a host closed by another hand keeps its state and reason through a whole maintenance', async () => {
  await stage.cloud.disable(host, 'AUTO: libvirt is gone');
  const { words, job } = await stage.plan(`maintenance ${host}`);
  expect(words).toContain('by another hand');
  await stage.approve(job);
  expect((await stage.ended(job)).state).toBe('done');
  expect(await reason()).toBe('disabled AUTO: libvirt is gone');
  expect((await stage.run(`maintenance ${host} off`)).state).toBe('done');
  expect(await reason()).toBe('disabled AUTO: libvirt is gone');
});

test('enable refuses what is not ours and says the line that does it all the same', async () => {
  const said = await stage.say('alice', `enable ${host}`);
  expect(said).toMatch(new RegExp(`not vigie's.*enable ${host} --adopt`));
  expect(await stage.say('alice', `disable ${host} --reason x`)).toMatch(/by another hand.*--adopt/);
  expect(await reason()).toBe('disabled AUTO: libvirt is gone');
});

test('--adopt takes it over; off puts back what was found; off --adopt opens it', async () => {
  const taken = await stage.run(`maintenance ${host} --adopt --reason fans`);
  expect(await reason()).toBe(`disabled vigie ${taken.job} by alice: fans`);
  await stage.run(`maintenance ${host} off`);
  expect(await reason()).toBe('disabled AUTO: libvirt is gone');
  await stage.run(`enable ${host} --adopt`);
  expect(await reason()).toBe('enabled -');
});

test('a reason that another hand changed meanwhile is left alone', async () => {
  await stage.run(`disable ${host} --reason mine`);
  await stage.cloud.disable(host, 'theirs');
  expect(await stage.say('alice', `maintenance ${host} off`)).toContain("not vigie's");
  expect(await reason()).toBe('disabled theirs');
  await stage.run(`maintenance ${host} off --adopt`);
});

test('a second maintenance of a closed host renews it; off still opens it', async () => {
  await stage.run(`maintenance ${host} --reason first`);
  const second = await stage.run(`maintenance ${host} --reason second`);
  expect(await reason()).toBe(`disabled vigie ${second.job} by alice: second`);
  await stage.run(`maintenance ${host} off`);
  expect(await reason()).toBe('enabled -');
});

test.each([
  ['maintenance cmpp1', /no compute host/],
  ['maintenance --reason fan', /HOST is missing/],
  ['disable HOST', /--reason is missing/],
  ['disable HOST --reason 🔥', /U\+1F525/],
  ['maintenance HOST --until yesterday', /--until.*type a while/],
  ['maintenance HOST --block --live', /exclude each other/],
  ['enable HOST', /nothing to undo/],
])('%s is answered in one clear line, and nothing is created', async (line, answer) => {
  const before = await stage.traces();
  expect(await stage.say('alice', line.replace('HOST', host))).toMatch(answer);
  expect((await stage.traces()).leases).toBe(before.leases);
  expect(await reason()).toBe('enabled -');
});

test('whoever closed a host until a time is called before it, where it was said, with the line that opens it', async () => {
  const { cloud, story } = stage;
  const own = await cloud.ownHost();
  expect((await stage.run(`maintenance ${own} --until 2h --reason fans`)).state).toBe('done');
  await remindOfLeases(story.database);
  const notes = () => story.room.posts.map(({ report }) => report).filter(({ title }) => title.includes('ends in'));
  expect(notes()).toEqual([]);
  // As if it had been closed seven hours ago.
  const times = { since: dbIn(-7 * 3_600_000), taken_at: dbIn(-7 * 3_600_000), until: dbIn(3_600_000) };
  await story.database.rows.updateTable('lease').set(times).where('subject', '=', own).execute();
  await remindOfLeases(story.database);
  await story.until('the reminder', () => notes().length > 0);
  const [reminder] = notes();
  expect(reminder).toMatchObject({ calls: ['test:alice'], tone: 'warn' });
  expect(reminder?.title).toMatch(new RegExp(`^alice: .*${own} ends in`));
  expect(reminder?.replies?.map(({ line }) => line)).toEqual([`!maintenance ${own} off --cloud demo`]);
  await stage.run(`maintenance ${own} off --unchecked`);
});
