import { createHash, randomBytes } from 'node:crypto';
import { type Block, type Report, reportLimit, text } from '../chat/report.ts';
import type { Rows, Work } from '../mysql/database.ts';
import { dbIn, dbNow } from './store.ts';

const chunkBytes = 1024 * 1024;
const keptMs = 30 * 86_400_000;
/** Rows of a long table that its report still shows. */
const shownRows = 40;
/** Characters of a file on one page. */
const pageChars = 100_000;

/**
 * A report as it may stand in a row: one that is too long keeps its beginning, and all of it becomes a file; so does one
 * that asks for it.
 */
export async function fitted(rows: Work, job: string, report: Report): Promise<Report> {
  const fits = Buffer.byteLength(JSON.stringify(report)) <= reportLimit;
  const { file } = report;
  if (fits && file === undefined) return report;
  const whole = Buffer.from(filed(report).map(plain).join('\n'));
  const name = `${job}.tsv`;
  const artifact = await insertArtifact(rows, job, name, whole);
  const shown = fits ? report.blocks : report.blocks.map(shortened);
  return {
    ...report,
    ...(file === undefined ? {} : { file: true as const }),
    blocks: [...shown, { kind: 'file', name, artifact, bytes: whole.length }],
    replies: [...(report.replies ?? []), { label: 'All of it', line: `job ${job} file` }],
  };
}

function filed({ blocks, file }: Report): Block[] {
  if (file === undefined || file === true) return blocks;
  return [{ kind: 'table', ...file }, ...blocks.filter(({ kind }) => kind !== 'table' && kind !== 'steps')];
}

function shortened(block: Block): Block {
  if (block.kind === 'table' && block.rows.length > shownRows) {
    const left = block.rows.length - shownRows;
    const more = [`${left} more rows are in the file`, ...block.columns.slice(1).map(() => '')];
    return { ...block, rows: [...block.rows.slice(0, shownRows), more] };
  }
  const long = (block.kind === 'text' || block.kind === 'code') && block.text.length > 4000;
  return long ? text(`${block.text.slice(0, 4000)} … the rest is in the file`) : block;
}

/** One line a row, cells apart by tabs: what a spreadsheet and `cut` both read. */
function plain(block: Block): string {
  switch (block.kind) {
    case 'text':
    case 'code':
      return block.text;
    case 'fields':
      return block.fields.map((field) => field.join('\t')).join('\n');
    case 'table':
      return [block.columns, ...block.rows].map((row) => row.join('\t')).join('\n');
    case 'steps':
      return block.steps.map(({ label, state, note }) => [label, state, note].join('\t')).join('\n');
    case 'chart':
      return block.points.map(({ at, value }) => `${at}\t${value}`).join('\n');
    case 'file':
      return block.name;
  }
}

async function insertArtifact(rows: Work, job: string, name: string, whole: Buffer): Promise<string> {
  const id = randomBytes(8).toString('hex');
  const sha256 = createHash('sha256').update(whole).digest('hex');
  await rows
    .insertInto('artifact')
    .values({ id, job, name, bytes: whole.length, sha256, until: dbIn(keptMs), created_at: dbNow })
    .execute();
  for (let number = 0; number * chunkBytes < whole.length; number += 1) {
    const content = whole.subarray(number * chunkBytes, (number + 1) * chunkBytes);
    await rows.insertInto('artifact_chunk').values({ artifact: id, number, content }).execute();
  }
  return id;
}

export interface FilePage {
  readonly name: string;
  readonly pages: number;
  readonly content: string;
}

/** Null where the job has no file or the page is beyond its end. */
export async function readArtifactPage(rows: Rows | Work, job: string, page: number): Promise<FilePage | null> {
  const found = await rows.selectFrom('artifact').select(['id', 'name']).where('job', '=', job).executeTakeFirst();
  if (found === undefined) return null;
  const chunks = await rows
    .selectFrom('artifact_chunk')
    .select('content')
    .where('artifact', '=', found.id)
    .orderBy('number')
    .execute();
  const whole = Buffer.concat(chunks.map(({ content }) => content)).toString();
  const pages = Math.ceil(whole.length / pageChars);
  if (page > pages) return null;
  return { name: found.name, pages, content: whole.slice((page - 1) * pageChars, page * pageChars) };
}
