import { answers, hostOf, placeServer, releaseSource, returnToSource } from '../hosts.ts';
import type { Host, InstanceAction, Migration, Server, World } from '../world.ts';
import { begin, end, recordFault, setTask, touch } from './guards.ts';
import { fails, setStatus } from './moving.ts';

const STEP = 250;

type End = 'complete' | 'abort' | 'fail' | 'crash' | 'lost' | 'deleted';

/** The source's part: wait for a place, prepare the destination, copy, switch over. */
export async function runLive(
  world: World,
  server: Server,
  action: InstanceAction,
  migration: Migration,
): Promise<void> {
  const source = hostOf(world, migration.source);
  await answers(world, source);
  const event = begin(world, server, action, 'compute_live_migration', source.name);
  setStatus(world, migration, 'queued');
  source.leaving.push(migration);
  // it is only queued now, and yet nova calls this event a success
  end(world, server, action, event);
  try {
    const turn = await myTurn(world, source, migration);
    if (turn === 'lost') return;
    if (turn === 'abort') return rollBack(world, server, migration, 'cancelled');
    if (!(await prepare(world, server, action, migration))) return await failedToPrepare(world, server, migration);
    setStatus(world, migration, 'running');
    await finish(world, server, action, migration, await copy(world, server, migration, source));
  } finally {
    source.leaving.splice(source.leaving.indexOf(migration), 1);
  }
}

/** A host sends so many guests at a time; the others wait here, where they can still be aborted. */
async function myTurn(world: World, source: Host, migration: Migration): Promise<'go' | 'abort' | 'lost'> {
  while (source.leaving.indexOf(migration) >= world.settings.lanes) {
    await world.sleep(STEP);
    if (migration.order === 'abort') return 'abort';
    // who waits in a process that is killed waits for ever
    if (source.service.process === 'killed') return 'lost';
  }
  return 'go';
}

async function prepare(world: World, server: Server, action: InstanceAction, migration: Migration): Promise<boolean> {
  setStatus(world, migration, 'preparing');
  const dest = hostOf(world, migration.dest);
  const event = begin(world, server, action, 'compute_pre_live_migration', dest.name);
  const awake = await answers(world, dest, world.settings.rpcTimeoutSeconds);
  await world.sleep(STEP);
  const problem = awake && !fails(world, server, 'pre') ? null : `${dest.name} cannot prepare this guest`;
  end(world, server, action, event, problem);
  if (problem !== null) recordFault(world, server, problem);
  return problem === null;
}

async function failedToPrepare(world: World, server: Server, migration: Migration): Promise<void> {
  setStatus(world, migration, 'error');
  await world.sleep(STEP);
  rollBack(world, server, migration, 'failed');
}

/** Pretends to copy the guest's memory, in steps, and says how that ended. */
async function copy(world: World, server: Server, migration: Migration, source: Host): Promise<End> {
  const wanted = world.moving.seconds * 1000;
  const total = server.flavor.ram * 1024 * 1024;
  for (let spent = 0; ; spent += STEP) {
    if (source.service.process === 'killed') return 'lost';
    if (!world.servers.has(server.id)) return 'deleted';
    await answers(world, source);
    if (migration.order !== null) return migration.order;
    const hangs = fails(world, server, 'hang');
    const length = hangs ? Math.max(wanted, 10_000) : wanted;
    const done = Math.min(length === 0 ? 1 : spent / length, hangs ? 0.9 : 1);
    if (done >= 0.5 && fails(world, server, 'crash')) return 'crash';
    if (done >= 0.5 && fails(world, server, 'run')) return 'fail';
    if (hostOf(world, migration.dest).service.process === 'killed') return 'fail';
    migration.memory = { total, processed: Math.floor(total * done) };
    server.progress = Math.floor(100 * done);
    setStatus(world, migration, 'running');
    touch(world, server);
    await world.sleep(STEP);
    if (done >= 1) return 'complete';
  }
}

async function finish(
  world: World,
  server: Server,
  action: InstanceAction,
  migration: Migration,
  how: End,
): Promise<void> {
  if (how === 'complete') await arrive(world, server, action, migration);
  if (how === 'abort') rollBack(world, server, migration, 'cancelled');
  if (how === 'fail') rollBack(world, server, migration, 'failed');
  if (how === 'crash') breakDown(world, server, migration);
  if (how === 'deleted') setStatus(world, migration, 'error');
  // 'lost': nova-compute died with the guest on its way, and looks after it when it starts again
}

/** Too late to roll back: the room held on the source is never given back. */
function breakDown(world: World, server: Server, migration: Migration): void {
  server.vmState = 'error';
  setTask(world, server, null);
  setStatus(world, migration, 'error');
}

async function arrive(world: World, server: Server, action: InstanceAction, migration: Migration): Promise<void> {
  const dest = hostOf(world, migration.dest);
  const event = begin(world, server, action, 'compute_post_live_migration_at_destination', dest.name);
  placeServer(world, server, dest.name);
  releaseSource(world, migration.uuid);
  server.progress = 0;
  setTask(world, server, null);
  end(world, server, action, event);
  // the server says it is there a moment before its migration says so
  await world.sleep(2 * STEP);
  setStatus(world, migration, 'completed');
}

function rollBack(world: World, server: Server, migration: Migration, status: string): void {
  returnToSource(world, migration.uuid, server);
  server.progress = 0;
  setTask(world, server, null);
  setStatus(world, migration, status);
}
