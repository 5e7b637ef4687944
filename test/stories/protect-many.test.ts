import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { dbIn } from '../../src/jobs/store.ts';
import type { Shown } from '../clouds/servers.ts';
import { onLab, openStage, type Stage, wordsOf } from './stage.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 300_000 });

let stage: Stage;
let lists: string;
let db: Shown;
let queue: Shown;
let other: Shown;
let tag: string;

beforeAll(async () => {
  lists = await mkdtemp(join(tmpdir(), 'vigie-lists-'));
  stage = await openStage({ lists });
  const host = await stage.cloud.ownHost();
  db = await stage.cloud.server('db', host);
  queue = await stage.cloud.server('queue', host);
  other = await stage.cloud.server('other', host);
  tag = `${stage.cloud.prefix}precious`;
  for (const { id } of [db, queue]) await mark(id);
});
afterAll(async () => {
  await stage?.close();
  await rm(lists, { recursive: true });
});

async function mark(id: string): Promise<void> {
  const { status } = await stage.cloud.admin.call('PUT', `/servers/${id}/tags/${tag}`);
  expect(status).toBe(201);
}

/** Whether a delete that Nova takes leaves it there. */
async function survives({ id }: Shown): Promise<boolean> {
  await stage.cloud.owner.call('DELETE', `/servers/${id}`);
  const { status, body } = await stage.cloud.admin.call('GET', `/servers/${id}`);
  return status === 200 && body.server['OS-EXT-STS:task_state'] === null;
}

test('servers of a tag: every one is a row, another person says yes, and one line ends it', async () => {
  const { job, words } = await stage.plan(`protect --tag ${tag} --lock --reason "end of the year" --until 2w`);
  expect(words).toContain(`protect 2 servers of tag ${tag}`);
  expect(words).toContain('needs 1 approval');
  for (const { id, name } of [db, queue]) expect(words).toContain(`${name} (${id.slice(0, 8)}) | protect`);
  expect(words).not.toContain(other.name);
  expect(words).toContain('Heat, Terraform and the like wait until they time out');
  await stage.approve(job);
  const ran = await stage.ended(job);
  expect(ran.report.title).toBe('2 of 2 servers are protected');
  expect(await survives(db)).toBe(true);
  expect(await survives(queue)).toBe(true);
  expect(await stage.say('rita', 'protected')).toMatch(new RegExp(`${queue.id}.*alice \\| end of the year`));
  expect(ran.report.replies?.[0]?.line).toBe(`!unprotect --job ${job} --cloud demo`);

  const { story } = stage;
  const soon = { taken_at: dbIn(-4 * 3_600_000), until: dbIn(3_600_000) };
  await story.database.rows.updateTable('lease').set(soon).where('job', '=', job).execute();
  const reminders = () => story.room.posts.filter(({ report: { title } }) => title.includes('ends in 60 min'));
  await story.until('the reminder', () => reminders().length > 0);
  expect(reminders().map(({ report }) => report.title)).toEqual([
    expect.stringMatching(/^alice: the protection of 2 servers ends in 60 min/),
  ]);
  expect(reminders()[0]?.report.replies?.[0]?.line).toBe(`!unprotect --job ${job} --cloud demo`);

  const undo = await stage.plan(`unprotect --job ${job}`);
  expect(undo.words).toContain(`unprotect 2 servers of job ${job}`);
  await stage.approve(undo.job);
  expect((await stage.ended(undo.job)).report.title).toBe('2 of 2 servers are no longer protected by vigie');
  expect(await stage.cloud.show(db.id)).toMatchObject({ locked: false });
});

test('what joined the selection after the plan was seen asks anew', async () => {
  const { job } = await stage.plan(`protect --tag ${tag} --reason "before the audit"`);
  await mark(other.id);
  await stage.story.say('bob', `!approve ${job}`);
  await stage.story.until('a new plan', async () => (await stage.story.state(job)) === 'stale', 60_000);
  const next = await stage.story.lastJob();
  await stage.story.until('its card', () => stage.story.card(next) !== undefined);
  expect(wordsOf(stage.story.card(next) ?? { title: '', tone: 'plain', blocks: [] })).toContain('3 servers of tag');
  await stage.story.say('bob', `!deny ${next}`);
  await stage.cloud.admin.call('DELETE', `/servers/${other.id}/tags/${tag}`);
});

test('a list beside the worker: uuids at the beginning of lines, missing ones are named, another’s are left alone', async () => {
  await stage.say('bob', `protect ${queue.id} --reason "bob needs it"`);
  const gone = '6f1c0b3e-58d4-4c07-9a3f-1f0e6f9f2d11';
  await writeFile(join(lists, 'payroll'), `# the payroll\n${db.id} ${db.name}\n\n${queue.id}\n${gone}\n`);
  const { job, words } = await stage.plan('protect --file payroll --reason "month’s end"');
  expect(words).toContain('protect 2 servers of list payroll');
  expect(words).toContain(`In list payroll, but not in the cloud: ${gone}`);
  expect(words).toContain('take over');
  await stage.story.say('bob', `!deny ${job}`);

  const alone = await stage.run('protect --file payroll');
  expect(alone.words).toContain('1 of 1 server is protected');
  expect(alone.words).toMatch(new RegExp(`${queue.name}.*left alone.*protected by bob.*bob needs it`));

  const ended = await stage.plan('unprotect --file payroll');
  expect(ended.words).toContain('Not yours: bob protects');
  await stage.approve(ended.job);
  expect((await stage.ended(ended.job)).report.title).toContain('2 of 2 servers');
  expect(await stage.say('rita', 'protected')).not.toContain(queue.id);
});

test('what is no list, and what says which servers twice, is one clear line', async () => {
  await writeFile(join(lists, 'keys'), 'not-for-chat: hunter2\n');
  const said = await stage.say('alice', 'protect --file keys');
  expect(said).toContain('line 1 of the list keys does not begin with the uuid of a server');
  expect(said).not.toContain('hunter2');
  expect(await stage.say('alice', 'protect --file ../keys')).toContain('by its bare name');
  expect(await stage.say('alice', 'protect --file nothing')).toContain('there is no such file in the folder of lists');
  expect(await stage.say('alice', 'protect')).toContain('by exactly one of these');
  expect(await stage.say('alice', `protect ${db.id} --tag ${tag}`)).toContain('by exactly one of these');
  expect(await stage.say('alice', `protect --tag ${tag}-nobody`)).toContain('has no server');
  expect(await stage.say('alice', 'unprotect --job beef')).toContain('vigie protects no server of job beef');
});

test('another’s protection ends with another’s yes, or with a reason; and who protected it is told where that was', async () => {
  const { story } = stage;
  const side = { adapter: 'test', id: 'test:room/side', kind: 'channel' } as const;
  const from = { account: 'test:carol', name: 'carol' };
  const protect = async (key: string) => {
    const text = `!protect ${other.id} --reason "carol’s own" --cloud demo`;
    await story.room.hear({ key, from, place: side, text, at: new Date() });
    await story.until('it is protected', async () => (await story.state(await story.jobOf(key))) === 'done', 60_000);
  };
  await protect('side-1');
  const asked = await stage.plan(`unprotect ${other.id}`);
  expect(asked.words).toContain(`Not yours: carol protects ${other.name}. So another person must agree`);
  expect(asked.words).toContain('needs 1 approval');
  expect((await story.say('alice', `!approve ${asked.job}`)).title).toContain('somebody else');
  expect((await story.say('carol', `!approve ${asked.job}`)).title).toContain('approved');
  expect((await stage.ended(asked.job)).state).toBe('done');

  await protect('side-2');
  expect(await stage.say('alice', `unprotect ${other.id} --reason "carol is on holiday"`)).toContain(
    'no longer protected',
  );
  const notes = () =>
    story.room.posts.filter(({ place, report: { title } }) => place.id === side.id && /ended/.test(title));
  expect(notes().map(({ report }) => wordsOf(report))).toEqual([
    expect.stringContaining(`carol: alice ended the protection of server ${other.name}`),
    expect.stringContaining('carol is on holiday'),
  ]);
});

test.skipIf(onLab)('servers of a project; one that a running job holds is blocked, not waited for', async () => {
  const beta = await stage.cloud.server('beta-1', 'cmp1', { project: 'beta' });
  const second = await stage.cloud.server('beta-2', 'cmp1', { project: 'beta' });
  const claim = { what: `server:demo/${beta.id}`, job: await stage.story.lastJob() };
  await stage.story.database.rows.insertInto('claim').values(claim).execute();
  const ran = await stage.run('protect --project beta --reason "all of beta"');
  expect(ran.words).toContain('1 of 1 server is protected');
  expect(ran.words).toMatch(new RegExp(`${beta.name}.*blocked.*held by`));
  expect(await stage.say('rita', 'protected')).toContain(second.id);
  expect(await stage.say('alice', 'protect --project bta')).toContain('did you mean beta');
});
