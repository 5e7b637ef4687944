import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { expect, test } from 'vitest';
import { type Doomed, openDoomed } from './doomed.ts';

/** A server that hangs in a task, and a note of every write to its row that was committed. */
interface Hanging extends Doomed {
  readonly server: string;
  /** The cell's database. */
  readonly cell: string;
  state(): Promise<unknown>;
  writes(): Promise<number>;
  /** Somebody asks for a move of it meanwhile. */
  migrate(): Promise<void>;
}

async function openHanging(): Promise<Hanging> {
  const folder = mkdtempSync(join(tmpdir(), 'vigie-images-'));
  const doomed = await openDoomed(() => ({ archive: { folder, public_key: 'none' } }));
  const { cloud } = doomed.stage;
  const { id } = await cloud.server('hangs', await cloud.ownHost());
  const [, dsn = ''] = Object.values(cloud.dsns.cells);
  const root = await createConnection(dsn);
  const cell = new URL(dsn).pathname.slice(1);
  await root.query(
    "UPDATE instances SET task_state = 'powering-off', updated_at = UTC_TIMESTAMP() - INTERVAL 1 HOUR WHERE uuid = ?",
    [id],
  );
  await root.query('CREATE TABLE noted (uuid varchar(36))');
  await root.query('CREATE TRIGGER noting AFTER UPDATE ON instances FOR EACH ROW INSERT INTO noted VALUES (NEW.uuid)');
  const read = async (sql: string) => (await root.query<RowDataPacket[]>(sql, [id]))[0][0];
  return {
    ...doomed,
    server: id,
    cell,
    state: () => read('SELECT vm_state, task_state FROM instances WHERE uuid = ?'),
    writes: async () => Number((await read('SELECT COUNT(*) AS n FROM noted WHERE uuid = ?'))?.['n']),
    async migrate() {
      await root.query("INSERT INTO migrations SET instance_uuid = ?, status = 'queued', deleted = 0", [id]);
    },
    async close() {
      await root.end();
      await doomed.close();
      expect(readdirSync(folder).filter((name) => name.endsWith('.new'))).toEqual([]);
      rmSync(folder, { recursive: true });
    },
  };
}

const hangs = { vm_state: 'active', task_state: 'powering-off' };
const freed = { vm_state: 'stopped', task_state: null };

async function asked({ stage }: Hanging, line: string): Promise<string> {
  const { job } = await stage.plan(line);
  await stage.approve(job);
  return job;
}

test.concurrent.each([
  { moment: 'before', left: [hangs] },
  // The server has it, or its connection is closed before: one or the other.
  { moment: 'amid', left: [hangs, freed] },
  { moment: 'after', left: [freed] },
])('an edit whose worker is killed $moment its COMMIT is done, and once', async ({ moment, left }) => {
  const hanging = await openHanging();
  try {
    const { stage, server, cell } = hanging;
    const worker = await hanging.start({ DIES_AT: `1 ${moment} COMMIT in ${cell}` });
    const job = await asked(hanging, `sql run task-state server=${server} guest=shutoff`);
    await worker.gone();
    expect(left).toContainEqual(await hanging.state());
    expect(await stage.story.state(job)).toBe('running');

    const { state, words } = await hanging.takenUp(job);
    expect([state, words]).toEqual(['done', expect.stringContaining('1 row written, read back')]);
    expect(await hanging.state()).toEqual(freed);
    expect(await hanging.writes()).toBe(1);
    // Its row images are those of the row as it was: whoever did it, it can be undone.
    const undo = await asked(hanging, `sql undo ${job}`);
    expect(await stage.ended(undo, 60_000)).toMatchObject({ state: 'done' });
    expect(await hanging.state()).toEqual(hangs);
  } finally {
    await hanging.close();
  }
});

test.concurrent('an edit whose worker is killed before its COMMIT, and that must not be any more, changed nothing and says so', async () => {
  const hanging = await openHanging();
  try {
    const { cell, server } = hanging;
    const worker = await hanging.start({ DIES_AT: `1 before COMMIT in ${cell}` });
    const job = await asked(hanging, `sql run task-state server=${server} guest=shutoff`);
    await worker.gone();
    await hanging.migrate();

    const { state, words } = await hanging.takenUp(job);
    expect(state).toBe('failed');
    expect(words).toContain('a migration of it is not over; see runbook migration-record; nothing was changed');
    expect(words).not.toContain('may have changed');
    expect(await hanging.state()).toEqual(hangs);
    expect(await hanging.writes()).toBe(0);
  } finally {
    await hanging.close();
  }
});

test.concurrent.each([
  { moment: 'before', left: freed, said: '1 row restored, read back' },
  { moment: 'after', left: hangs, said: 'all rows are as before' },
])('an undo whose worker is killed $moment its COMMIT is done, and once', async ({ moment, left, said }) => {
  const hanging = await openHanging();
  try {
    const { stage, server, cell } = hanging;
    const worker = await hanging.start({ DIES_AT: `2 ${moment} COMMIT in ${cell}` });
    const job = await asked(hanging, `sql run task-state server=${server} guest=shutoff`);
    expect(await stage.ended(job, 60_000)).toMatchObject({ state: 'done' });
    const undo = await asked(hanging, `sql undo ${job}`);
    await worker.gone();
    expect(await hanging.state()).toEqual(left);

    const { state, words } = await hanging.takenUp(undo);
    expect([state, words]).toEqual(['done', expect.stringContaining(`${job} is undone: ${said}`)]);
    expect(await hanging.state()).toEqual(hangs);
    expect(await hanging.writes()).toBe(2);
  } finally {
    await hanging.close();
  }
});
