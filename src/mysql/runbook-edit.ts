import { type UndoRecord, type WrittenUndo, writeUndo } from '../archive/undo-file.ts';
import { UserError } from '../chat/user-error.ts';
import type { EditOrder, RequestLimits } from '../openstack/cloud.ts';
import { OpenStackError } from '../openstack/errors.ts';
import { isLost } from './operator-errors.ts';
import type { OperatorPool, RawRow, Session } from './operator-pool.ts';
import type { Spot } from './runbook-place.ts';
import {
  byKey,
  changing,
  type Edit,
  type Image,
  imagesOf,
  inTheWay,
  same,
  sameCell,
  selection,
  setBy,
} from './runbook-rows.ts';

export interface Writing {
  readonly cloud: string;
  readonly spot: Spot;
  readonly edit: Edit;
  readonly order: EditOrder;
  /** Where the row images go. */
  readonly folder: string;
}

export interface Written {
  readonly rows: number;
  readonly left: number;
  readonly undo: WrittenUndo | null;
  readonly doubt: string | null;
}

/**
 * All in one transaction, which runs again as a whole after a deadlock or a lost Galera race: so the rows are read, held
 * against what was approved, and checked anew each time. A COMMIT whose answer was lost is looked into.
 */
export async function writeEdit(writing: Writing, limits: RequestLimits): Promise<Written> {
  const { pool } = writing.spot;
  const made: { done: Done | null } = { done: null };
  const trouble = await pool
    .transaction(async (session) => {
      made.done = await inOne(writing, session, limits);
    })
    .then(
      () => null,
      (error: unknown) => error,
    );
  if (trouble !== null && !(isLost(trouble) && made.done !== null)) throw trouble;
  if (made.done === null) throw new Error('an edit that neither ended nor failed');
  const { images, ...written } = made.done;
  if (written.rows === 0 || (await standingOf(pool, images)) === 'after') return written;
  // Silence is looked into again by whoever takes the step up; a COMMIT that was answered is no failure any more.
  if (trouble instanceof OpenStackError) throw trouble;
  return { ...written, doubt: trouble === null ? changedAfter : unanswered };
}

const changedAfter = 'written; somebody changed it right after';
const unanswered = 'COMMIT was not answered, and the rows do not show it: it may have been done, or be done yet';

interface Done extends Written {
  readonly images: Images;
}

async function inOne(writing: Writing, session: Session, { notAfter }: RequestLimits): Promise<Done> {
  const { edit, order, folder } = writing;
  const images = imagesOf(edit, await session.raw(selection(edit, 'lock')));
  mustBeApproved(writing, images);
  const why = images.length === 0 ? null : await inTheWay(edit, session);
  if (why !== null) throw new UserError(`${why}; nothing was changed`);
  const left = order.rows.length - images.length;
  if (images.length === 0) return { rows: 0, left, undo: null, doubt: null, images: recordOf(writing, [], []) };
  if (performance.now() > notAfter) throw tooLate(writing);
  const keys = images.map(({ key }) => key);
  const matched = await session.write(changing(edit, keys));
  if (matched !== images.length)
    throw new UserError(
      `the change would have touched ${matched} of the ${images.length} rows that were shown: nothing was changed`,
    );
  const after = await session.raw(byKey(rowsOf(edit), keys, 'look'));
  mustBeAsShown(edit, images, after);
  const record = recordOf(writing, images, after);
  return { rows: images.length, left, undo: await writeUndo(folder, record), doubt: null, images: record };
}

/** What left, or is not to be changed any more, is no harm; a row that is new or changed since is one nobody approved. */
function mustBeApproved({ edit, order }: Writing, images: readonly Image[]): void {
  const { head } = edit.runbook;
  if (images.length > head.rows.max)
    throw new UserError(`more than ${head.rows.max} rows match by now: nothing was changed`);
  const approved = new Set(order.rows);
  const others = images.filter(({ hash }) => !approved.has(hash)).length;
  if (others === 0) return;
  const which = images.length === 1 ? 'the row is' : `${others} of ${images.length} rows are`;
  throw new UserError(`${which} not as shown when this was approved: nothing was changed, ask again`);
}

/** A trigger, a column that changes by itself, a value the server cuts: then the plan would not have been true. */
function mustBeAsShown(edit: Edit, images: readonly Image[], after: readonly RawRow[]): void {
  if (edit.runbook.change.kind === 'delete') {
    if (after.length > 0) throw new UserError('rows are still there after they were deleted: nothing was changed');
    return;
  }
  const found = new Map(after.map(([key, ...cells]) => [String(key), cells]));
  for (const { key, before, after: wanted } of images) {
    const cells = found.get(String(key)) ?? [];
    const wrong = edit.columns.find((column, index) => {
      const is = cells[index] ?? null;
      const shall = wanted.has(column) ? wanted.get(column) : before[index];
      return shall !== 'now' && !sameCell(is, shall ?? null);
    });
    if (wrong !== undefined)
      throw new UserError(`${wrong} would have become something else than was shown: nothing was changed`);
  }
}

function recordOf({ cloud, spot, edit, order }: Writing, images: readonly Image[], after: readonly RawRow[]) {
  const { runbook, values } = edit;
  return {
    cloud,
    job: order.job,
    human: order.human,
    at: values['now'] ?? '',
    runbook: runbook.head.name,
    runbookSha256: runbook.sha256,
    database: runbook.head.database,
    cell: spot.cell,
    change: runbook.change.kind,
    ...rowsOf(edit),
    columns: [...edit.columns],
    set: setBy(runbook),
    hidden: edit.columns.filter((column) => edit.hidden.has(column)),
    before: images.map(({ key, before }) => [key, ...before]),
    after: after.map((row) => [...row]),
  };
}

function rowsOf({ runbook, columns }: Edit) {
  return { table: runbook.change.table, key: runbook.head.key, columns };
}

type Images = Pick<UndoRecord, 'table' | 'key' | 'columns' | 'before' | 'after'>;

/** How the rows of a record stand now, seen on a connection of its own. */
export async function standingOf(pool: OperatorPool, record: Images): Promise<'before' | 'after' | 'neither'> {
  const keys = record.before.map(([key]) => key ?? Buffer.alloc(0));
  const now = new Map((await pool.rawFresh(byKey(record, keys, 'look'))).map((row) => [String(row[0]), row]));
  const like = (images: readonly RawRow[]): boolean => {
    const wanted = new Map(images.map((row) => [String(row[0]), row]));
    return keys.every((key) => {
      const [is, shall] = [now.get(String(key)), wanted.get(String(key))];
      return is === undefined || shall === undefined ? is === shall : same(is, shall);
    });
  };
  if (like(record.after)) return 'after';
  return like(record.before) ? 'before' : 'neither';
}

function tooLate({ cloud, spot }: Writing): OpenStackError {
  return new OpenStackError({
    problem: 'not-sent',
    cloud,
    request: `change of rows in ${spot.pool.label}`,
    said: 'it could not leave in time; nothing was changed',
  });
}
