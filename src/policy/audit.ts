import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import { canonical } from '../command/canonical.ts';
import type { Json } from '../command/outcome.ts';
import { Conflict, type Rows, type Work } from '../mysql/database.ts';
import type { AuditTable } from '../mysql/tables.ts';

/** What happened: who, where, which line, about which job. Rows are only ever added, each carrying the hash of the one before. */
export interface Entry {
  readonly kind: string;
  readonly human?: string | null;
  readonly account?: string | null;
  readonly place?: string | null;
  readonly job?: string | null;
  readonly line?: string | null;
  readonly detail?: Json;
}

/**
 * Adds entries, at the end of the transaction that they describe: until it commits, nobody else can add any. The head
 * is taken by compare-and-set, so two writers on two Galera nodes cannot both follow the same entry.
 */
export async function audit(rows: Work, ...entries: readonly Entry[]): Promise<void> {
  const head = await rows
    .selectFrom('audit_head')
    .selectAll()
    .select(sql<Date>`UTC_TIMESTAMP(3)`.as('now'))
    .where('one', '=', 1)
    .forUpdate()
    .executeTakeFirstOrThrow();
  const first = { seq: Number(head.seq), hash: head.hash };
  const added: AuditTable[] = [];
  for (const entry of entries) added.push(sealed(entry, head.now, added.at(-1) ?? first));
  const { seq, hash } = added.at(-1) ?? first;
  const moved = await rows
    .updateTable('audit_head')
    .set({ seq, hash })
    .where('one', '=', 1)
    .where('seq', '=', head.seq)
    .where('hash', '=', head.hash)
    .executeTakeFirst();
  if (moved.numUpdatedRows !== 1n) throw new Conflict('the audit went on meanwhile');
  await rows.insertInto('audit').values(added).execute();
}

function sealed(entry: Entry, at: Date, before: Pick<AuditTable, 'seq' | 'hash'>): AuditTable {
  const row = {
    seq: Number(before.seq) + 1,
    at,
    kind: entry.kind,
    human: kept(entry.human),
    account: kept(entry.account),
    place: kept(entry.place),
    job: kept(entry.job),
    line: kept(entry.line),
    detail: canonical(entry.detail ?? null),
    previous: before.hash,
  };
  return { ...row, hash: hashOf(row) };
}

/** As it can be stored: half a character would come back as another one, and look tampered with. */
function kept(word: string | null | undefined): string | null {
  return word == null ? null : Buffer.from(word).toString();
}

export function hashOf(row: Omit<AuditTable, 'hash'>): string {
  const { seq, at, kind, human, account, place, job, line, detail, previous } = row;
  const bytes = canonical({
    seq: Number(seq),
    at: at.toISOString(),
    kind,
    human,
    account,
    place,
    job,
    line,
    detail,
    previous,
  });
  return createHash('sha256').update(bytes).digest('hex');
}

/** A column as people search it: the tables themselves tell Alice from alice. */
export function inAnyCase(column: 'kind' | 'human' | 'account' | 'place' | 'job' | 'line' | 'detail') {
  return sql<string>`${sql.ref(column)} COLLATE utf8mb4_general_ci`;
}

export type Verdict =
  | { readonly whole: true; readonly entries: number }
  | { readonly whole: false; readonly seq: number; readonly why: string };

/** Walks the whole chain, a page at a time; names the first entry that does not fit. */
export async function verifyAudit(rows: Rows): Promise<Verdict> {
  let previous = '0'.repeat(64);
  let seq = 0;
  for (;;) {
    const page = await rows.selectFrom('audit').selectAll().where('seq', '>', seq).orderBy('seq').limit(1000).execute();
    if (page.length === 0) break;
    for (const row of page) {
      const why = misfit(row, seq + 1, previous);
      if (why !== null) return { whole: false, seq: seq + 1, why };
      seq = Number(row.seq);
      previous = row.hash;
    }
  }
  const head = await rows.selectFrom('audit_head').selectAll().executeTakeFirst();
  if (head !== undefined && Number(head.seq) < seq) return { whole: true, entries: seq };
  if (head === undefined || Number(head.seq) > seq) return await stillThere(rows, seq, previous);
  return head.hash === previous
    ? { whole: true, entries: seq }
    : { whole: false, seq, why: 'the head names another hash' };
}

/** The head moved while the walk read its last page, or entries were cut off at the end. */
async function stillThere(rows: Rows, seq: number, previous: string): Promise<Verdict> {
  const next = await rows
    .selectFrom('audit')
    .selectAll()
    .where('seq', '=', seq + 1)
    .executeTakeFirst();
  if (next === undefined || next.previous !== previous)
    return { whole: false, seq: seq + 1, why: 'entries are missing at the end' };
  return { whole: true, entries: seq };
}

function misfit(row: AuditTable, expected: number, previous: string): string | null {
  if (Number(row.seq) !== expected) return `entry ${expected} is missing`;
  if (row.previous !== previous) return 'it does not follow the entry before it';
  return row.hash === hashOf(row) ? null : 'its content was changed';
}
