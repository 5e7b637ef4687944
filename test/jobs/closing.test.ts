import { afterEach, beforeEach, expect, test } from 'vitest';
import { done } from '../../src/command/outcome.ts';
import type { Story } from '../story.ts';
import { endedAs, gate, openToyStory, type Toy, toy } from './toys.ts';

let story: Story;
let play: Toy;
let hold: ReturnType<typeof gate>;
const hosts = ['cmp1', 'cmp2', 'cmp3'];

beforeEach(async () => {
  play = toy();
  hold = gate();
  story = await openToyStory(play);
});
afterEach(() => story.stop());

test('two of a zone are closed at once where two may be, whichever was planned first; the third is not begun', async () => {
  const ids = [await asked('cmp1'), await asked('cmp2'), await asked('cmp3')];
  for (const id of ids.toReversed()) await story.mutter('bob', `!approve ${id}`);
  await story.until('two run, and one does not', async () => (await states(ids)).join() === 'failed,running,running');
  const refusal = /the policy lets 2 hosts of zone nova be closed at once: cmp., cmp. are; cmp. must wait/;
  const isRefused = (id: string) => refusal.test(JSON.stringify(story.card(id) ?? null));
  await story.until('its card says why', () => ids.some(isRefused));
  const refused = ids.find(isRefused);
  hold.open();
  for (const id of ids.filter((one) => one !== refused)) await endedAs(story, id, 'done');
  // Nothing has a lease: neither stayed closed.
  const again = await asked('cmp3');
  await story.mutter('bob', `!approve ${again}`);
  await endedAs(story, again, 'done');
});

test('a limit that the policy has no more binds no job that was planned while it had', async () => {
  const ids = [await asked('cmp1'), await asked('cmp2')];
  for (const id of ids) await story.mutter('bob', `!approve ${id}`);
  await story.until('two run', async () => (await states(ids)).join() === 'running,running');
  const third = await asked('cmp3');
  play.closing = null;
  await story.mutter('bob', `!approve ${third}`);
  await story.until('it runs, too', async () => (await story.state(third)) === 'running');
  hold.open();
  for (const id of [...ids, third]) await endedAs(story, id, 'done');
});

test('what is closed without a job takes its place, and none twice from the job that closes it anew', async () => {
  const detail = { kind: 'drain', before: { status: 'enabled', reason: null }, mark: null, moved: [] };
  const lease = { kind: 'host', cloud: 'demo', subject: 'cmp1', owner: 'bob', reason: 'fans', job: 'j1', until: null };
  const rest = { undo_line: '', place: '{}', since: new Date(), taken_at: new Date(), told: 0 };
  const written = JSON.stringify({ ...detail, drainBegan: new Date() });
  await story.database.rows
    .insertInto('lease')
    .values({ ...lease, ...rest, detail: written })
    .execute();
  const ids = [await asked('cmp1'), await asked('cmp2'), await asked('cmp3')];
  const approving = ids.map((id) => story.mutter('bob', `!approve ${id}`));
  await Promise.all(approving);
  await story.until('one does not run', async () => (await states(ids)).join() === 'failed,running,running');
  expect(await story.state(ids[0] ?? '')).toBe('running');
  hold.open();
  await story.until('both end', async () => (await states(ids)).join() === 'done,done,failed');
});

async function asked(host: string): Promise<string> {
  play.closing = { cloud: 'demo', zone: 'nova', host, fellows: hosts, most: 2 };
  play.steps[host] = async () => {
    await hold.opened;
    return done('closed');
  };
  await story.say('alice', `!go ${host}`);
  return story.lastJob();
}

async function states(ids: readonly string[]): Promise<string[]> {
  return (await Promise.all(ids.map((id) => story.state(id)))).map(String).toSorted();
}
