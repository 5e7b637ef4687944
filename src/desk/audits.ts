import { type Report, refuse, say } from '../chat/report.ts';
import { inAnyCase, verifyAudit } from '../policy/audit.ts';
import type { Sitting } from './desk.ts';

const pageRows = 30;

/** The newest entries that hold all the words, newest first. */
export async function findAudit(sitting: Sitting, words: string): Promise<Report> {
  const wanted = words.split(/\s+/).filter((word) => word !== '');
  let query = sitting.rows
    .selectFrom('audit')
    .selectAll()
    .orderBy('seq', 'desc')
    .limit(pageRows + 1);
  for (const word of wanted) {
    const like = `%${word.replace(/[\\%_]/g, '\\$&')}%`;
    query = query.where((where) =>
      where.or(
        (['kind', 'human', 'account', 'place', 'job', 'line', 'detail'] as const).map((column) =>
          where(inAnyCase(column), 'like', like),
        ),
      ),
    );
  }
  const found = await query.execute();
  if (found.length === 0)
    return say(wanted.length === 0 ? 'the audit is empty' : `nothing in the audit has ${wanted.join(' and ')}`);
  const rows = found
    .slice(0, pageRows)
    .map((row) => [
      String(row.seq),
      stamp(row.at),
      row.kind,
      row.human ?? row.account ?? '',
      row.job ?? '',
      row.line ?? short(row.detail),
    ]);
  const title =
    found.length > pageRows
      ? `the newest ${pageRows} entries; add words to narrow it`
      : `${found.length} ${found.length === 1 ? 'entry' : 'entries'}`;
  return {
    title,
    tone: 'plain',
    blocks: [{ kind: 'table', columns: ['no.', 'when (UTC)', 'what', 'who', 'job', 'line'], rows }],
  };
}

/** Walks the whole chain. */
export async function verify(sitting: Sitting): Promise<Report> {
  const verdict = await verifyAudit(sitting.rows);
  if (verdict.whole)
    return { ...say(`the audit is whole: ${verdict.entries} entries, each follows the one before`), tone: 'good' };
  return refuse(
    `the audit was tampered with at entry ${verdict.seq}: ${verdict.why}`,
    'compare with a backup of the database, and find out who can write to it',
  );
}

function stamp(at: Date): string {
  return at.toISOString().slice(0, 19).replace('T', ' ');
}

function short(detail: string): string {
  return detail === 'null' ? '' : detail.length > 100 ? `${detail.slice(0, 99)}…` : detail;
}
