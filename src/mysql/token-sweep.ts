import type { Part, Place } from '../archive/place.ts';
import { UserError } from '../chat/user-error.ts';
import type { RequestLimits, SweepChunk, SweepMark, SweepOrder, TokenSweep } from '../openstack/cloud.ts';
import { OpenStackError } from '../openstack/errors.ts';
import { ahead } from './ahead.ts';
import { openBrakes } from './brakes.ts';
import { databaseProblem } from './operator-errors.ts';
import type { OperatorPool, Statement } from './operator-pool.ts';
import { openPace, type Pace, piecesOfTransaction } from './pace.ts';
import { openSweepArchive, type SweepArchive } from './sweep-archive.ts';
import { between, cutEvenly, type Stretch } from './token-keys.ts';
import { ageOf, type Chunk, walkAge, walkKey } from './token-walk.ts';

export interface SweepParts {
  readonly cloud: string;
  readonly keystone: OperatorPool;
  readonly replicas: readonly OperatorPool[];
  /** Asked for only where rows are archived. */
  place(): Place;
  now(): Date;
}

/**
 * Archives and deletes old rows, a chunk at a time: while one is being deleted the next is on its way to the disk
 * and the one after that is being read. What is deleted is what was archived, id by id.
 */
export async function openSweep(parts: SweepParts, order: SweepOrder, mark: SweepMark | null): Promise<TokenSweep> {
  const { keystone, replicas } = parts;
  await mustHaveExpired(keystone, order.cutoff);
  const archive = order.archive ? await openSweepArchive({ ...parts, place: parts.place(), order, mark }) : null;
  const pace = openPace({ archived: order.archive });
  const chunks = chunksOf(keystone, { order, from: mark?.at ?? '', archive, pace });
  const known = new WeakMap<SweepChunk, Removal>();
  let archived = mark?.archived ?? 0;
  let deleted = mark?.deleted ?? 0;
  return {
    async next() {
      const { done, value: chunk } = await chunks.next();
      if (done) return null;
      const rows = chunk.kept?.rows ?? 0;
      archived += rows;
      // Without a delete nothing has to be done again; the end of the table is no place to begin at.
      const at = order.purge || chunk.to === '' ? chunk.from : chunk.to;
      const next = { rows, mark: { at, archived, deleted, parts: archive?.parts() ?? [] } };
      known.set(next, { left: piecesOf(chunk, pace.piece()), gone: 0, most: piecesOfTransaction });
      return next;
    },
    async remove(chunk, limits) {
      const removal = known.get(chunk);
      if (removal === undefined) throw new Error('a chunk of another sweep');
      const gone = await remove({ keystone, pace, order, cloud: parts.cloud }, removal, limits);
      deleted += gone ?? 0;
      return gone;
    },
    brake: openBrakes({ keystone, replicas }),
    slower: () => pace.slower(),
    async finish({ parts: marked }): Promise<Part[]> {
      // What is on its way to the disk belongs to the archive, too: nobody writes to it any more when it is proven.
      await chunks.return(undefined);
      return archive?.finish(marked) ?? [];
    },
    async close() {
      await chunks.return(undefined);
      await archive?.close();
    },
  };
}

/** Keystone's own clock has the last word: a worker whose clock is ahead would take living tokens for expired ones. */
async function mustHaveExpired(keystone: OperatorPool, cutoff: string): Promise<void> {
  const rows = await keystone.raw({
    sql: 'SELECT 1 FROM DUAL WHERE CAST(? AS DATETIME) <= UTC_TIMESTAMP() - INTERVAL 48 HOUR + INTERVAL 60 SECOND',
    values: [cutoff],
  });
  if (rows.length > 0) return;
  throw new UserError(
    `by the clock of ${keystone.label} ${cutoff} UTC is not 48 h ago: nothing is deleted, set the clocks`,
  );
}

interface Walk {
  readonly order: SweepOrder;
  readonly from: string;
  readonly archive: SweepArchive | null;
  readonly pace: Pace;
}

function chunksOf(keystone: OperatorPool, { order, from, archive, pace }: Walk): AsyncGenerator<Chunk> {
  const walk = { table: order.table, cutoff: order.cutoff, from, keeping: archive };
  if (order.index !== null) return archivedFirst(walkAge(keystone, { ...walk, index: order.index }, pace), archive);
  return ahead(archivedFirst(ahead(walkKey(keystone, walk, pace)), archive));
}

async function* archivedFirst(chunks: AsyncGenerator<Chunk>, archive: SweepArchive | null): AsyncGenerator<Chunk> {
  for await (const chunk of chunks) {
    await archive?.put(chunk);
    yield chunk;
  }
}

/** What of a chunk is still to be deleted. */
interface Removal {
  left: readonly Piece[];
  gone: number;
  /** Statements of a transaction: where somebody is in the way they get fewer. */
  most: number;
}

/** What one statement deletes. */
type Piece = { readonly ids: readonly string[] } | Stretch;

function piecesOf({ ids, from, to }: Chunk, size: number): Piece[] {
  if (ids === null) return cutEvenly({ from, to }, piecesOfTransaction);
  const pieces = Math.ceil(ids.length / size);
  // No small rest at the end, whose time would say nothing.
  const each = Math.ceil(ids.length / pieces);
  return Array.from({ length: pieces }, (_, piece) => ({ ids: ids.slice(piece * each, (piece + 1) * each) }));
}

interface Means {
  readonly keystone: OperatorPool;
  readonly pace: Pace;
  readonly order: SweepOrder;
  readonly cloud: string;
}

async function remove(means: Means, removal: Removal, limits: RequestLimits): Promise<number | null> {
  try {
    while (removal.left.length > 0) await removeSome(means, removal, limits);
    return removal.gone;
  } catch (error) {
    const late = error instanceof OpenStackError && error.problem === 'not-sent';
    if (!late && databaseProblem(error) !== 'busy') throw error;
    means.pace.slower();
    removal.most = Math.max(1, Math.floor(removal.most / 2));
    return null;
  }
}

/** Many short statements, one commit. */
async function removeSome(
  { keystone, pace, order, cloud }: Means,
  removal: Removal,
  limits: RequestLimits,
): Promise<void> {
  const pieces = removal.left.slice(0, removal.most);
  removal.gone += await keystone.transaction(async ({ write }) => {
    let gone = 0;
    for (const piece of pieces) {
      if (performance.now() > limits.notAfter) throw tooLate(cloud, keystone.label);
      const began = performance.now();
      gone += await write(deletion(piece, order)).finally(() => pace.took(performance.now() - began));
    }
    return gone;
  });
  removal.left = removal.left.slice(pieces.length);
}

/** The key is forced: the optimizer once took the index on `expires` in mid-purge, and one chunk took 46 s. */
function deletion(piece: Piece, { table, cutoff }: SweepOrder): Statement {
  const start = `DELETE ${table} FROM ${table} FORCE INDEX (PRIMARY) WHERE`;
  const old = `${ageOf[table]} < ?`;
  if ('ids' in piece) return { sql: `${start} id IN (?) AND ${old}`, values: [piece.ids, cutoff] };
  const { where, values } = between(piece);
  return { sql: `${start} ${where} AND ${old}`, values: [...values, cutoff] };
}

function tooLate(cloud: string, label: string): OpenStackError {
  return new OpenStackError({
    problem: 'not-sent',
    cloud,
    request: `DELETE of a chunk in ${label}`,
    said: 'it could not leave in time; nothing of it was deleted',
  });
}
