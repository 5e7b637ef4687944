import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { room, storyPolicy } from '../story.ts';
import { openStage, type Stage } from './stage.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const approvalPlace = 'test:room/approvals';
const policy = `${storyPolicy}
approval:
  - risk: disruptive
    places: ['${approvalPlace}']
    call: ['test:carol']
`;

let stage: Stage;
let host: string;
beforeAll(async () => {
  stage = await openStage({}, { policy });
  host = await stage.cloud.ownHost();
  await stage.cloud.servers(3, host);
});
afterAll(() => stage?.close());

test('a plan stands in the asking place and in the approval place, and says whom it calls', async () => {
  const { job, words } = await stage.plan(`maintenance ${host}`);
  await stage.story.until('both cards', () => cardPlaces(job).length === 2);
  // Neither place waits for the other.
  expect(cardPlaces(job).sort()).toEqual([room.id, approvalPlace]);
  expect(words).toContain('test:carol');
  await stage.say('alice', `cancel ${job}`);
});

test('whoever asked cannot approve, as any of their accounts', async () => {
  const { job } = await stage.plan(`maintenance ${host}`);
  for (const account of ['alice', 'alice2'])
    expect(await stage.say(account, `approve ${job}`)).toContain('somebody else must approve');
  expect(await stage.say('rita', `approve ${job}`)).toContain('needs the role');
  expect(await stage.say('nobody', `approve ${job}`)).not.toContain('approved by');
  expect(await stage.story.state(job)).toBe('awaiting');
  expect((await stage.traces()).votes).toBe(0);
  await stage.say('carol', `deny ${job}`);
  expect(await stage.story.state(job)).toBe('cancelled');
  expect(await stage.say('bob', `approve ${job}`)).toContain('is cancelled already');
});

test('two approvals at the same moment, through two bots, run the job once', async () => {
  const { story, cloud } = stage;
  const other = await story.startBot('test:second');
  const { job } = await stage.plan(`maintenance ${host}`);
  const said = { place: room, text: `!approve ${job}`, at: new Date() };
  await Promise.all([
    story.room.hear({ ...said, key: 'race-bob', from: { account: 'test:bob', name: 'bob' } }),
    other.hear({ ...said, key: 'race-carol', from: { account: 'test:carol', name: 'carol' } }),
  ]);
  expect((await stage.ended(job)).state).toBe('done');
  const begun = await story.database.rows
    .selectFrom('audit')
    .select('seq')
    .where('job', '=', job)
    .where('kind', '=', 'begun')
    .execute();
  expect(begun).toHaveLength(1);
  expect(await cloud.on(host)).toEqual([]);
});

test('a plan that nobody approves in time expires, and approving it then says so', async () => {
  const { story } = stage;
  await stage.run(`maintenance ${host} off`);
  await stage.cloud.server('late', host);
  const { job } = await stage.plan(`maintenance ${host}`);
  await story.database.rows
    .updateTable('job')
    .set({ until: new Date(0) })
    .where('id', '=', job)
    .execute();
  await story.until('it expires', async () => (await story.state(job)) === 'expired');
  expect(await stage.say('bob', `approve ${job}`)).toContain('has expired: ask again');
});

test('a worker that reads another policy than the bot refuses to plan changes', async () => {
  const { story } = stage;
  for (const worker of story.workers.splice(0)) await worker.stop();
  await story.startWorker(`${policy}\nlease: { host: 3d }\n`);
  expect(await stage.say('alice', `maintenance ${host}`)).toContain('read different policies');
  expect(await stage.say('rita', `host ${host}`)).toContain(host);
});

function cardPlaces(job: string): string[] {
  return stage.story.room.posts
    .filter(({ options: { key } }) => key.startsWith(`card:${job}:`))
    .map(({ place }) => place.id);
}
