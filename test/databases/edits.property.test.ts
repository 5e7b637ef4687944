import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { UserError } from '../../src/chat/user-error.ts';
import type { Edited } from '../../src/openstack/cloud.ts';
import { orderOf } from '../operators/runbook-ground.ts';
import { times } from '../setup/chance.ts';
import { editOnce, openThings, type Things, undoOnce } from './edits.ts';

let things: Things;
let databases: ReturnType<Things['connect']>;
let other: Connection;
beforeAll(async () => {
  things = await openThings();
  databases = things.connect();
  other = await things.other();
});
afterAll(async () => {
  await other.end();
  await databases.close();
  await things.close();
});

const text = fc.oneof(
  fc.constantFrom(
    "it's",
    '"',
    '\\',
    "\\'",
    'é Ж 漢 🎉',
    ' end ',
    '',
    '; DROP TABLE things',
    'NUL \0 in it',
    '%_',
    'NULL',
  ),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
);
const Row = fc.record({
  state: fc.constantFrom('stuck', 'stuck', 'stuck', 'fine', 'STUCK'),
  said: fc.option(text),
  raw: fc.option(fc.uint8Array({ maxLength: 20 })),
  latin: fc.option(fc.constantFrom('é', 'ÿ', 'plain', "d'accord")),
  amount: fc.option(fc.constantFrom('0.000001', '-12.5', '99999999999990.999999', '3')),
  big: fc.option(fc.constantFrom('0', '18446744073709551615')),
  kind: fc.option(fc.constantFrom('a', 'b')),
  at: fc.option(fc.constantFrom('2026-02-03 04:05:06.123456', '1000-01-01 00:00:00')),
  secret: fc.option(fc.constantFrom('s3cret-of-a-user', '')),
  place: fc.option(fc.constantFrom('p1', 'p2', 'p3', 'p4', 'p5', 'p6', 'p7')),
});

/** What somebody else does, to the row of that number if there is one. */
const Deed = fc.record({
  at: fc.nat(6),
  what: fc.constantFrom(
    'nothing',
    'nothing',
    'state',
    'secret',
    'delete',
    'insert',
    'flag',
    'take place',
    'close',
    'kill',
  ),
  /** Before the act, or while it runs. */
  when: fc.constantFrom('before', 'beside'),
});
type Deed = typeof Deed extends fc.Arbitrary<infer D> ? D : never;

const Story = fc.record({
  rows: fc.array(Row, { maxLength: 6 }),
  runbook: fc.constantFrom('things-set', 'things-gone'),
  said: fc.option(fc.constantFrom('new words', 'é'), { nil: undefined }),
  first: Deed,
  second: Deed,
});

async function fill(rows: readonly Record<string, unknown>[]): Promise<void> {
  await things.root.query('DELETE FROM things');
  await things.root.query('ALTER TABLE things AUTO_INCREMENT = 1');
  for (const { raw, ...row } of rows)
    await things.root.query('INSERT IGNORE INTO things SET ?, raw = ?', [
      row,
      raw == null ? null : Buffer.from(raw as Uint8Array),
    ]);
}

function deedSql({ at, what }: Deed): string | null {
  const where = `WHERE id = ${at + 1}`;
  switch (what) {
    case 'state':
      return `UPDATE things SET state = 'theirs' ${where}`;
    case 'secret':
      return `UPDATE things SET secret = 'theirs' ${where}`;
    case 'flag':
      return `UPDATE things SET flag = 1, big = 7 ${where}`;
    case 'delete':
      return `DELETE FROM things ${where}`;
    case 'insert':
      return "INSERT INTO things SET state = 'stuck', said = 'new'";
    case 'take place':
      return "INSERT IGNORE INTO things SET state = 'fine', place = 'p1'";
    case 'close':
      return "INSERT INTO things SET state = 'closed'";
    default:
      return null;
  }
}

/** The act, with the deed before it or beside it; a refusal in words is an answer, anything else is a bug. */
async function amid<T>(deed: Deed, act: () => Promise<T>): Promise<{ did: T | null; before: Rows }> {
  const sql = deedSql(deed);
  if (sql !== null && deed.when === 'before') await other.query(sql);
  const before = await things.rows();
  const beside = sql !== null && deed.when === 'beside' ? other.query(sql) : null;
  const killed = deed.what === 'kill' ? killAll(deed.at) : null;
  const did = await act().catch((error: unknown) => {
    if (!(error instanceof UserError)) throw error;
    return null;
  });
  await beside;
  await killed;
  return { did, before };
}

/** Whatever connection the act has just then; a little later for each number. */
async function killAll(wait: number): Promise<void> {
  await sleep(wait * 3);
  const [found] = await other.query<RowDataPacket[]>(
    'SELECT ID AS id FROM information_schema.PROCESSLIST WHERE DB = ? AND ID NOT IN (?, CONNECTION_ID())',
    [things.database, things.root.threadId],
  );
  for (const { id } of found) await other.query(`KILL ${Number(id)}`).catch(() => undefined);
}

type Rows = Awaited<ReturnType<Things['rows']>>;

/** What the table would be if only the deed had been done; a deed beside an act must never be lost. */
function after(rows: Rows, { at, what, when }: Deed): Rows {
  if (when === 'before') return rows;
  const set = (change: Record<string, string>) =>
    rows.map((row) => (row['id'] === numbered(at) ? { ...row, ...change } : row));
  switch (what) {
    case 'state':
      return set({ state: hex('theirs') });
    case 'secret':
      return set({ secret: hex('theirs') });
    case 'flag':
      return set({ flag: '1', big: '7' });
    case 'delete':
      return rows.filter((row) => row['id'] !== numbered(at));
    default:
      return rows;
  }
}

const hex = (word: string) => Buffer.from(word).toString('hex').toUpperCase();
/** HEX() of a number is the number in base 16. */
const numbered = (at: number) => (at + 1).toString(16).toUpperCase();

let stories = 0;

test('a run does what was shown, of the rows that were shown, and its undo restores exactly or refuses', async () => {
  const tally = { ran: 0, refused: 0, undone: 0, kept: 0 };
  await fc.assert(
    fc.asyncProperty(Story, async ({ rows, runbook, said, first, second }) => {
      stories += 1;
      const job = `s${stories.toString(36)}`;
      await fill(rows);
      const typed = { state: 'stuck', ...(said !== undefined && runbook === 'things-set' ? { said } : {}) };
      const start = await things.rows();
      const preview = await databases.previewEdit({ runbook, typed, cell: null }).catch((error: unknown) => {
        if (!(error instanceof UserError)) throw error;
        return null;
      });
      const stuck = start.filter((row) => ['stuck', 'STUCK'].map(hex).includes(row['state'] ?? ''));
      expect(preview === null).toBe(stuck.length === 0 || stuck.length > 4);
      if (preview === null) return;
      expect(JSON.stringify(preview)).not.toContain('s3cret');

      const ran = await amid(first, () => editOnce(databases, orderOf(job, preview)));
      const edited = (ran.did as Edited | null)?.rows ?? 0;
      const now = await things.rows();
      expect(edited).toBeLessThanOrEqual(Math.min(4, preview.rows.length));
      if (ran.did === null) tally.refused += 1;
      else tally.ran += 1;
      mustBeEdited({ before: ran.before, now, edited, runbook, deed: first, start });
      if (edited === 0) return;

      const undo = (ran.did as Edited).undo;
      const undone = await amid(second, () => undoOnce(databases, { job, sha256: undo?.sha256 ?? '' }));
      if (undone.did === null) tally.kept += 1;
      else tally.undone += 1;
      mustBeUndone({
        was: ran.before,
        before: undone.before,
        end: await things.rows(),
        restored: undone.did,
        first,
        second,
      });
    }),
    { numRuns: times(250), interruptAfterTimeLimit: 540_000 },
  );
  console.log(`runs: ${tally.ran}, refused ${tally.refused}; undos: ${tally.undone}, refused ${tally.kept}`);
  expect(tally.ran).toBeGreaterThan(0);
  expect(tally.undone).toBeGreaterThan(0);
  expect(tally.kept).toBeGreaterThan(0);
});

interface Ran {
  readonly start: Rows;
  readonly before: Rows;
  readonly now: Rows;
  readonly edited: number;
  readonly runbook: string;
  readonly deed: Deed;
}

/** Every row is as it was (with what the other did), or, if it was shown as it stood, as was promised. */
function mustBeEdited({ start, before, now, edited, runbook, deed }: Ran): void {
  const shown = new Map(start.map((row) => [row['id'], JSON.stringify(row)]));
  const kept = new Map(after(before, deed).map((row) => [row['id'], row]));
  let changed = 0;
  for (const row of before) {
    const is = now.find((one) => one['id'] === row['id']);
    const theirs = kept.get(row['id']);
    if (JSON.stringify(is) === JSON.stringify(theirs)) continue;
    const touched = JSON.stringify(theirs) !== JSON.stringify(row);
    // What the other did last stands; what it did beside must be there in any case.
    if (!touched) expect(sameButUnseen(shown.get(row['id']), row, runbook)).toBe(true);
    if (runbook === 'things-gone') expect(is).toBeUndefined();
    else if (is !== undefined && theirs !== undefined) mustBePromised(row, is, theirs, touched ? deed.what : '');
    changed += 1;
  }
  expect(changed).toBeLessThanOrEqual(edited);
  if (deed.when === 'before' || deed.what === 'nothing' || deed.what === 'kill') expect(changed).toBe(edited);
}

/** An update may come upon columns that nobody was shown; a delete takes the whole row as it was hashed. */
function sameButUnseen(shown: string | undefined, row: Rows[number], runbook: string): boolean {
  if (runbook === 'things-gone') return shown === JSON.stringify(row);
  const was = JSON.parse(shown ?? '{}');
  return ['id', 'state', 'said', 'raw', 'latin', 'amount', 'at', 'secret'].every(
    (column) => was[column] === row[column],
  );
}

function mustBePromised(was: Rows[number], is: Rows[number], theirs: Rows[number], deed: string): void {
  expect(is['state']).toBe(deed === 'state' ? hex('theirs') : hex('was ') + was['state']);
  expect(is['secret']).toBe(deed === 'secret' ? hex('theirs') : hex('changed'));
  expect(is['raw']).toBe('NULL');
  expect(unlisted(is)).toEqual(unlisted(theirs));
}

interface Undone {
  readonly was: Rows;
  readonly before: Rows;
  readonly end: Rows;
  readonly restored: number | null;
  readonly first: Deed;
  readonly second: Deed;
}

function mustBeUndone({ was, before, end, restored, first, second }: Undone): void {
  // Refused: nothing but the other's deed happened.
  if (restored === null) expect(withoutNew(end, before)).toEqual(after(before, second));
  if (restored === null) return;
  const quiet = [first, second].every(({ what }) => what === 'nothing' || what === 'kill');
  if (quiet) expect(end).toEqual(was);
  const original = new Map(was.map((row) => [row['id'], row]));
  const theirs = new Map(after(before, second).map((row) => [row['id'], row]));
  for (const row of end) {
    const former = original.get(row['id']);
    if (former === undefined || JSON.stringify(row) === JSON.stringify(theirs.get(row['id']))) continue;
    const left = before.find((one) => one['id'] === row['id']);
    const whole = { ...former, ...(left === undefined ? {} : unlisted(left)) };
    // A deed beside the undo of a delete may have come when there was no row to do it to.
    const exact = [...after([whole], second), ...(left === undefined ? [whole] : [])];
    expect(exact).toContainEqual(row);
  }
}

/** The columns that things-set neither shows nor sets: what stands there is never the run's to change or the undo's. */
function unlisted(row: Rows[number]): Rows[number] {
  const columns = ['big', 'flag', 'kind', 'place'];
  return Object.fromEntries(Object.entries(row).filter(([column]) => columns.includes(column)));
}

function withoutNew(end: Rows, before: Rows): Rows {
  const known = new Set(before.map((row) => row['id']));
  return end.filter((row) => known.has(row['id']));
}
