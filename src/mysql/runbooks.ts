import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { type ArchiveSettings, openPlace } from '../archive/place.ts';
import { readUndo, type UndoRecord, type WrittenUndo } from '../archive/undo-file.ts';
import { UserError } from '../chat/user-error.ts';
import type { EditOrder, EditPreview, EditRow, Edits, UndoPreview } from '../openstack/cloud.ts';
import type { Runbooks } from '../runbooks/folder.ts';
import type { Runbook } from '../runbooks/runbook.ts';
import { type Values, valuesOf } from '../runbooks/values.ts';
import { naiveUtc } from './keystone-db.ts';
import type { NovaDatabases } from './nova-db.ts';
import type { OperatorPool } from './operator-pool.ts';
import { standingOf, writeEdit } from './runbook-edit.ts';
import { factsOf, whyNotHere } from './runbook-facts.ts';
import { mustBeSynced, mustFit, type RunbookDatabases, type Spot, spotAgain, spotOf } from './runbook-place.ts';
import { type Edit, editOf, type Image, imagesOf, inTheWay, sameCell, selection } from './runbook-rows.ts';
import { shownCell } from './runbook-shown.ts';
import { restoreRows, type Standing, standings } from './runbook-undo.ts';

interface Parts extends RunbookDatabases {
  readonly nova: NovaDatabases;
  readonly keystone: OperatorPool | null;
  readonly runbooks: Runbooks;
  readonly archive: ArchiveSettings | null | undefined;
  readonly now: () => Date;
}

/** The operators' databases edited by runbooks, and by nothing else. */
export function connectEdits(parts: Parts): Edits {
  const { cloud } = parts.nova;
  const place = () => openPlace(parts.archive, cloud);
  return {
    async runbooks() {
      const { runbooks, troubles } = await parts.runbooks();
      return { runbooks: runbooks.map(factsOf), problems: troubles };
    },
    async previewEdit({ runbook: name, typed, cell }) {
      const runbook = await runbookOf(parts, name);
      const values = valuesOf(runbook, typed);
      const why = whyNotHere(runbook, values);
      if (why !== null) throw new UserError(why);
      const { folder } = place();
      const { spot, edit, schema } = await openEdit(parts, runbook, { values, cell });
      return { ...(await look(spot, edit)), values, schema, host: hostname(), folder };
    },
    async edit(order, limits) {
      const { folder, mustHaveRoom } = place();
      await mustHaveRoom();
      const { spot, edit } = await openEdit(parts, await orderedOf(parts, order), order);
      return writeEdit({ cloud, spot, edit, order, folder }, limits);
    },
    async edited(order) {
      const found = await readUndo(place().folder, { cloud, job: order.job });
      if (found === null) return null;
      const { record, file } = found;
      const rows = record.before.length;
      const standing = await standingOf(spotAgain(parts, record).pool, record);
      if (standing === 'after') return { rows, left: order.rows.length - rows, undo: file, doubt: null };
      return standing === 'before' ? 'as before' : 'unclear';
    },
    async previewUndo(job, written) {
      const { record, file } = await undoOf(place().folder, { cloud, job, written });
      const { pool } = await spotOfUndo(parts, record);
      return undoPreview(record, file, { label: pool.label, rows: await standings(record, pool) });
    },
    async undoEdit({ job, sha256 }, limits) {
      const { record } = await undoOf(place().folder, { cloud, job, written: { sha256 } });
      return restoreRows((await spotOfUndo(parts, record)).pool, record, limits);
    },
  };
}

async function runbookOf({ runbooks }: Parts, name: string): Promise<Runbook> {
  const shelf = await runbooks();
  const found = shelf.runbooks.find(({ head }) => head.name === name);
  if (found !== undefined) return found;
  const trouble = shelf.troubles.find(({ file }) => file.endsWith(`/${name}.sql`));
  if (trouble !== undefined)
    throw new UserError(`${name} is refused: ${trouble.file}:${trouble.line}: ${trouble.said}`);
  const names = shelf.runbooks.map(({ head }) => head.name).join(', ') || 'none';
  throw new UserError(`there is no runbook ${name}; there are ${names}`);
}

/** The text that was shown, or none: somebody may have mended the file since. */
async function orderedOf(parts: Parts, { runbook, sha256 }: EditOrder): Promise<Runbook> {
  const found = await runbookOf(parts, runbook);
  if (found.sha256 === sha256) return found;
  throw new UserError(`${found.file} is another text than the one that was approved: nothing was changed, ask again`);
}

interface Opened {
  readonly spot: Spot;
  readonly edit: Edit;
  readonly schema: string;
}

async function openEdit(
  parts: Parts,
  runbook: Runbook,
  where: { values: Values; cell: string | null },
): Promise<Opened> {
  const spot = await spotOf(parts, runbook, where);
  await mustBeSynced(spot);
  const schema = await mustFit(spot, runbook);
  const values = { ...where.values, now: naiveUtc(parts.now()) };
  return { spot, edit: await editOf(spot.pool, runbook, values), schema };
}

async function spotOfUndo(parts: Parts, record: UndoRecord): Promise<Spot> {
  const spot = spotAgain(parts, record);
  await mustBeSynced(spot);
  return spot;
}

async function look(
  { pool, cell }: Spot,
  edit: Edit,
): Promise<Pick<EditPreview, 'runbook' | 'cell' | 'label' | 'rows'>> {
  const { head } = edit.runbook;
  const why = await inTheWay(edit, pool);
  const images = imagesOf(edit, await pool.raw(selection(edit, 'look')));
  if (images.length === 0)
    throw new UserError(`${head.name} finds no row in ${pool.label} that it would change: nothing to do`);
  if (why !== null) throw new UserError(`${head.name}: ${why}`);
  if (images.length > head.rows.max)
    throw new UserError(
      `more than ${head.rows.max} rows match, and ${head.name} changes at most ${head.rows.max}: nothing is done`,
    );
  return { runbook: factsOf(edit.runbook), cell, label: pool.label, rows: images.map((image) => rowOf(edit, image)) };
}

/** Of a whole row only what preview lists is shown. */
function rowOf({ columns, hidden, runbook }: Edit, { hash, before, after }: Image): EditRow {
  const cells = runbook.preview.columns.map((column) =>
    shownCell(column, before[columns.indexOf(column)] ?? null, {
      after: after.get(column),
      hidden: hidden.has(column),
    }),
  );
  return { hash, cells };
}

interface Wanted {
  readonly cloud: string;
  readonly job: string;
  /** What the job told of it; null where it told nothing. */
  readonly written: { readonly sha256: string; readonly host?: string; readonly path?: string } | null;
}

async function undoOf(
  folder: string,
  { cloud, job, written }: Wanted,
): Promise<{ record: UndoRecord; file: WrittenUndo }> {
  const found = await readUndo(folder, { cloud, job });
  if (found === null) throw new UserError(notHere(folder, job, written));
  const { record, file } = found;
  if (record.cloud !== cloud || record.job !== job)
    throw new UserError(`${file.path} on ${file.host} is of ${record.job} of ${record.cloud}: nothing is undone`);
  if (written === null || file.sha256 === written.sha256) return found;
  throw new UserError(`${found.file.path} on ${found.file.host} is not what ${job} wrote: nothing is undone`);
}

function notHere(folder: string, job: string, written: Wanted['written']): string {
  if (written?.host === undefined)
    return `${hostname()} has no row images of ${job} in ${folder}: nothing can be undone here`;
  return `the row images of ${job} are on ${written.host} in ${written.path}, and this worker is ${hostname()}: copy the file into ${folder}, or let that one do it`;
}

function undoPreview(
  record: UndoRecord,
  file: WrittenUndo,
  { label, rows }: { label: string; rows: readonly Standing[] },
): UndoPreview {
  const { runbook, change, at, human } = record;
  return { file, runbook, change, at, human, label, rows: rows.map((row) => undoRow(record, row)) };
}

function undoRow(
  { columns, hidden, key }: UndoRecord,
  { state, before, now, key: value }: Standing,
): UndoPreview['rows'][number] {
  const cells = columns.flatMap((column, index) => {
    const [was, is] = [before[index + 1] ?? null, now?.[index + 1] ?? null];
    const differs = now === null || !sameCell(was, is);
    return differs && column !== key ? [shownCell(column, is, { after: was, hidden: hidden.includes(column) })] : [];
  });
  const identity = shownCell(key, value, { after: undefined, hidden: hidden.includes(key) });
  const hash = createHash('sha256').update(value).digest('hex').slice(0, 16);
  return { hash, state, cells: [identity, ...cells] };
}
