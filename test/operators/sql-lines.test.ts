import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Connection, createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { mariadbUrl } from '../setup/servers.ts';
import { openStage, type Stage, wordsOf } from './stage.ts';

vi.setConfig({ testTimeout: 60_000 });

let stage: Stage;
let folder: string;
let root: Connection;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vigie-sql-'));
  writeFileSync(join(folder, 'mine.sql'), '/*\nname: mine\n*/\n-- change\nDELETE FROM instances;\n');
  const archive = { folder: join(folder, 'undo'), publicKey: null, privateKey: null };
  stage = await openStage({ servers: 1 }, {}, { archive, runbooks: [folder] });
  root = await createConnection({ uri: mariadbUrl(), database: cellOf(stage), dateStrings: true });
});
afterAll(async () => {
  await root.end();
  await stage.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The one cell that has hosts. */
function cellOf({ simulator }: Stage): string {
  const [, dsn = ''] = Object.values(simulator.dsns.cells);
  return new URL(dsn).pathname.slice(1);
}

const say = async (person: string, line: string) => wordsOf(await stage.story.say(person, `!${line}`));

/** A server whose row says that it hangs; what its neighbours are, too. */
async function stuck(name: string): Promise<string> {
  const { id } = await stage.simulator.control.createServer({ name });
  await root.query(
    "UPDATE instances SET task_state = 'powering-off', user_data = 's3cret', updated_at = UTC_TIMESTAMP() - INTERVAL 1 HOUR WHERE uuid = ?",
    [id],
  );
  return id;
}

async function rowOf(id: string): Promise<unknown> {
  const [rows] = await root.query<import('mysql2').RowDataPacket[]>(
    'SELECT vm_state, task_state FROM instances WHERE uuid = ?',
    [id],
  );
  return rows[0];
}

/** Says it as alice, lets bob approve, and waits for the end: the job's id and its report. */
async function approved(line: string): Promise<{ id: string; said: string }> {
  const plan = await say('alice', line);
  expect(plan).toContain('1 approval');
  const id = await stage.story.lastJob();
  await stage.story.say('bob', `!approve ${id}`);
  const ended = ['done', 'failed', 'partial', 'cancelled', 'stale'];
  await stage.story.until('the end', async () => ended.includes(await stage.story.state(id)));
  const card = () => wordsOf(stage.story.card(id) ?? { title: '', tone: 'plain', blocks: [] });
  await stage.story.until('its report', () => !/about to start|approval|of 1 steps/.test(card()));
  return { id, said: `${plan}\n${card()}` };
}

test('the runbooks are listed, a broken file with its line; each can be shown', async () => {
  const listed = await say('rita', 'sql list');
  expect(listed).toContain('task-state | Free a server');
  expect(listed).toContain(`${join(folder, 'mine.sql')}:`);
  const shown = await say('rita', 'sql show task-state');
  expect(shown).toContain(
    'sql run task-state server=SERVER guest=running|shutoff|paused|suspended [restarted=MOMENT] [domjobinfo=none]',
  );
  expect(shown).toContain('openstack server set --state active');
  expect(shown).toContain('UPDATE instances');
  expect(await say('rita', 'sql show task-stat')).toContain('did you mean task-state?');
  expect(await say('rita', 'sql show mine')).toContain('mine is refused');
});

test('shown, approved, done, and undone', async () => {
  const server = await stuck('web-stuck');
  const { id, said } = await approved('sql run task-state server=web-stuck guest=shutoff');
  expect(said).toContain(`Or by the API: openstack server set --state active ${server}`);
  expect(said).toContain('vm_state: active → stopped, task_state: powering-off → NULL');
  expect(said).toContain('task-state: 1 row written, read back');
  expect(await rowOf(server)).toEqual({ vm_state: 'stopped', task_state: null });
  const path = join(folder, 'undo', `undo-demo-${id}.json`);
  expect(said).toContain(path);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const undone = await approved(`sql undo ${id}`);
  expect(undone.said).toContain('vm_state: stopped → active');
  expect(undone.said).toContain(`${id} is undone: 1 row restored, read back`);
  expect(await rowOf(server)).toEqual({ vm_state: 'active', task_state: 'powering-off' });
  expect(await say('alice', `sql undo ${id}`)).toContain('nothing to undo: the rows are as they were before');
});

test('a row that changes until it is approved is shown anew', async () => {
  const server = await stuck('web-moving');
  await say('alice', 'sql run task-state server=web-moving guest=paused');
  const id = await stage.story.lastJob();
  await root.query("UPDATE instances SET task_state = 'deleting' WHERE uuid = ?", [server]);
  await stage.story.say('bob', `!approve ${id}`);
  await stage.story.until('a successor', async () => (await stage.story.state(id)) === 'stale');
  expect(await rowOf(server)).toEqual({ vm_state: 'active', task_state: 'deleting' });
  const successor = await stage.story.lastJob();
  await stage.story.until('its card', () => stage.story.card(successor) !== undefined);
  expect(wordsOf(stage.story.card(successor) ?? { title: '', tone: 'plain', blocks: [] })).toContain(
    'task_state: deleting → NULL',
  );
  await say('alice', `cancel ${successor}`);
});

test('an undo upon somebody else’s change is refused, with what was changed', async () => {
  const server = await stuck('web-theirs');
  const { id } = await approved('sql run task-state server=web-theirs guest=shutoff');
  await root.query("UPDATE instances SET task_state = 'rebuilding' WHERE uuid = ?", [server]);
  const said = await say('alice', `sql undo ${id}`);
  expect(said).toMatch(
    /somebody else changed 1 row since: id \d+ \(vm_state is stopped, was active, task_state is rebuilding, was powering-off/,
  );
  expect(await rowOf(server)).toEqual({ vm_state: 'stopped', task_state: 'rebuilding' });
});

test('a server that is moved meanwhile is not put back: an undo holds what its run held', async () => {
  const server = await stuck('web-moved');
  const { id } = await approved('sql run task-state server=web-moved guest=shutoff');
  const { rows } = stage.story.database;
  const what = `server:demo/${server}`;
  await rows.insertInto('claim').values({ what, job: id }).execute();
  const refused = await approved(`sql undo ${id}`);
  await rows.deleteFrom('claim').where('what', '=', what).execute();
  expect(refused.said).toContain(`held by sql run task-state server=web-moved guest=shutoff (${id})`);
  expect(await rowOf(server)).toEqual({ vm_state: 'stopped', task_state: null });
  expect((await approved(`sql undo ${id}`)).said).toContain(`${id} is undone`);
});

test('a run that failed changed nothing, so nothing of it can be undone', async () => {
  const server = await stuck('web-meddled');
  await root.query("CREATE TRIGGER meddling BEFORE UPDATE ON instances FOR EACH ROW SET NEW.vm_state = 'paused'");
  const { id, said } = await approved('sql run task-state server=web-meddled guest=shutoff');
  await root.query('DROP TRIGGER meddling');
  expect(said).toContain('vm_state would have become something else than was shown: nothing was changed');
  expect(await stage.story.state(id)).toBe('failed');
  expect(await rowOf(server)).toEqual({ vm_state: 'active', task_state: 'powering-off' });
  expect(await say('alice', `sql undo ${id}`)).toContain(
    `${id} is no ended job of demo that changed rows by a runbook: only those can be undone`,
  );
});

test('what cannot be run is one clear line, and nothing is opened', async () => {
  await stuck('web-last');
  const refusals: [string, string][] = [
    ['sql run task-stat server=web-last', 'did you mean task-state?'],
    ['sql run task-state', 'server is missing: the server that is stuck'],
    ['sql run task-state server=web-last', 'guest is missing'],
    [
      'sql run task-state server=web-last guest=asleep',
      'guest="asleep": it is running or shutoff or paused or suspended',
    ],
    [
      'sql run task-state server=web-last guest=running',
      'the API can do this, so no database is edited: openstack server set --state active',
    ],
    ['sql run task-state server=nobody guest=paused', 'has no server "nobody"'],
    ['sql run task-state server=web-last guest=paused host=cmp1', 'has no parameter "host"'],
    ['sql run task-state server=web-last server=x guest=paused', 'server is given twice'],
    ['sql run task-state web-last', 'is no NAME=VALUE'],
    ['sql run task-state server=web-last guest="paused; DROP TABLE x"', 'guest="paused; DROP TABLE x": it is'],
    ['sql run quota-usage project=p resource=cores', 'several cells: say which with --cell'],
    ['sql undo zzzz', 'is no ended job of demo that changed rows by a runbook'],
  ];
  for (const [line, said] of refusals) expect(await say('alice', line), line).toContain(said);
  expect(await say('rita', 'sql run task-state server=web-last guest=paused')).toContain('needs the role operator');
});

test('no secret of a row is in a job’s rows, the audit or a post', async () => {
  const { rows } = stage.story.database;
  const kept = [
    await rows.selectFrom('job').selectAll().execute(),
    await rows.selectFrom('step').selectAll().execute(),
    await rows.selectFrom('audit').selectAll().execute(),
    stage.story.room.posts,
  ];
  expect(JSON.stringify(kept)).toContain('powering-off');
  expect(JSON.stringify(kept)).not.toContain('s3cret');
});
