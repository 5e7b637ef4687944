import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Shown } from '../clouds/servers.ts';
import { connect } from '../clouds.ts';
import { openStory } from '../story.ts';
import { openStage, type Stage } from './stage.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 300_000 });

let stage: Stage;
let host: string;
let twins: Shown[];

beforeAll(async () => {
  stage = await openStage();
  host = await stage.cloud.ownHost();
  twins = [await stage.cloud.server('twin', host), await stage.cloud.server('twin', host)];
});
afterAll(() => stage?.close());

/** Says it; the answer must be one clear line (or one more for each to choose from), and nothing may have come of it. */
async function refused(line: string, person = 'alice', lines = 1): Promise<string> {
  const before = await rowsOf(stage);
  const { title, tone } = await stage.story.say(person, line);
  expect(tone, title).toBe('bad');
  expect(title.split('\n')).toHaveLength(lines);
  expect(title).not.toMatch(/\bat \/|node_modules|SELECT|undefined|\[object/);
  expect(await rowsOf(stage)).toEqual(before);
  expect(await stage.cloud.service(host)).toMatchObject({ status: 'enabled', disabled_reason: null });
  return title;
}

/** All that a line can leave behind besides its answer. */
async function rowsOf({ story }: Stage) {
  const { rows } = story.database;
  const count = async (table: 'claim' | 'step' | 'lease' | 'schedule' | 'vote' | 'freeze') =>
    (await rows.selectFrom(table).selectAll().execute()).length;
  const open = await rows.selectFrom('job').select('id').where('ended_at', 'is', null).execute();
  const tables = ['claim', 'step', 'lease', 'schedule', 'vote', 'freeze'] as const;
  return { open: open.length, counts: await Promise.all(tables.map(count)) };
}

test('an unknown host is answered with the nearest', async () => {
  expect(await refused(`!maintenance ${host}x`)).toContain(host);
});

test('a name that two servers have is answered with both', async () => {
  const title = await refused(`!protect ${stage.cloud.prefix}twin`, 'alice', 3);
  for (const { id } of twins) expect(title).toContain(id.slice(0, 8));
});

test('an unknown server, command, flag and cloud are each answered with what to type', async () => {
  expect(await refused('!protect no-such-server')).toContain('no-such-server');
  expect(await refused('!maintenence cmp1')).toContain('maintenance');
  expect(await refused(`!maintenance ${host} --resaon x`)).toContain('--reason');
  expect(await refused(`!hosts --cloud dem`)).toContain('demo');
});

test('somebody whom nobody knows is told so', async () => {
  expect(await refused(`!maintenance ${host}`, 'stranger')).toMatch(/test:stranger|nobody/);
});

test('a reader is told which role it takes', async () => {
  expect(await refused(`!maintenance ${host}`, 'rita')).toContain('operator');
});

test('an emoji in a reason is refused by its name', async () => {
  expect(await refused(`!maintenance ${host} --reason "party 🎉"`)).toContain('U+1F389');
});

test('a line of 5,000 characters is refused by its length', async () => {
  expect(await refused(`!maintenance ${host} --reason "${'x'.repeat(5000)}"`)).toContain('characters');
});

test('control characters are refused by name and place', async () => {
  expect(await refused(`!maintenance ${host}\u0007`)).toContain('U+0007');
});

test('a cron that cannot be read is refused', async () => {
  expect(await refused('!schedule add "every day" hosts')).toMatch(/five|fields|cron/);
});

test('a time that is over, and an unknown job, are refused', async () => {
  expect(await refused(`!maintenance ${host} --until 2001-01-01`)).toContain('over already');
  expect(await refused('!approve ffff')).toContain('no job ffff');
});

test('a server in a cell whose database vigie has no DSN for is not protected, and the DSN is named', async () => {
  const opened: { close(): Promise<void> }[] = [];
  const config = stage.cloud.config({ dsns: { novaApi: null, cells: {}, keystone: null } });
  const story = await openStory({
    clouds: {
      demo: async (parts) => {
        const one = connect(config, parts);
        opened.push(one);
        return one.cloud;
      },
    },
  });
  const { title, tone } = await story.say('alice', `!protect ${twins[0]?.id}`);
  expect(tone).toBe('bad');
  expect(title).toMatch(/cells|DSN|clouds\.yaml/);
  await story.stop();
  await Promise.all(opened.map((one) => one.close()));
});
