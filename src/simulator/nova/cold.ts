import { badRequest } from '../fault.ts';
import { allocate, answers, holdSource, hostOf, placeServer, releaseSource, returnToSource } from '../hosts.ts';
import type { Answer } from '../http.ts';
import { isFields, repr, text } from '../json.ts';
import { schedule } from '../scheduler.ts';
import type { InstanceAction, Migration, Server, World } from '../world.ts';
import { invalid, onlyKeys } from './checks.ts';
import { type NovaContext, recordAction } from './context.ts';
import { begin, end, isGone, recordFault, refuseLocked, refuseShares, requireState, setTask, touch } from './guards.ts';
import { fails, newMigration, setStatus } from './moving.ts';

const STEP = 300;

/** Before 2.56 whatever the body says is ignored, a host too. */
export function checkMigrateBody({ minor }: NovaContext, value: unknown): void {
  if (minor < 56 || value === null) return;
  if (!isFields(value)) throw invalid('migrate', value, `${repr(value)} is not of type 'object', 'null'`);
  onlyKeys('migrate', value, ['host']);
  const host = value['host'] ?? null;
  if (host !== null && typeof host !== 'string')
    throw invalid('host', host, `${repr(host)} is not of type 'string', 'null'`);
}

export function migrate(context: NovaContext, server: Server, value: unknown): Answer {
  const { world, minor } = context;
  const only = (minor >= 56 && isFields(value) ? text(value['host']) : undefined) ?? null;
  refuseShares(server);
  requireState(server, 'migrate', ['active', 'stopped']);
  if (only !== null && !world.hosts.has(only)) throw badRequest(`Compute host ${only} could not be found.`);
  if (only !== null && only === server.host) throw badRequest('Cannot migrate to the host where the server exists.');

  const action = recordAction(context, server, 'migrate');
  setTask(world, server, 'resize_prep');
  const migration = newMigration(context, server, 'migration', null);
  migration.sourceNode = migration.source;
  setStatus(world, migration, 'pre-migrating');
  world.spawn(() => runCold(world, server, action, migration, only));
  return { status: 202 };
}

async function runCold(
  world: World,
  server: Server,
  action: InstanceAction,
  migration: Migration,
  only: string | null,
): Promise<void> {
  const outer = begin(world, server, action, 'conductor_migrate_server', 'ctl1');
  const inner = begin(world, server, action, 'cold_migrate', 'ctl1');
  await world.sleep(STEP);
  if (isGone(world, server)) return;
  const choice = schedule(world, server, { except: [migration.source], ...(only === null ? {} : { only }) });
  const dest = 'hosts' in choice ? choice.hosts[0] : undefined;
  if (!dest) {
    const problem = 'No valid host was found. No valid host found for cold migrate';
    giveUp(world, server, migration, problem);
    end(world, server, action, inner, problem);
    return end(world, server, action, outer, problem);
  }
  holdSource(world, migration.uuid, server, dest.name);
  migration.dest = dest.name;
  migration.destNode = dest.name;
  migration.destHost = '127.0.0.1';
  end(world, server, action, inner);
  end(world, server, action, outer);
  await answers(world, dest);
  end(world, server, action, begin(world, server, action, 'compute_prep_resize', dest.name));

  await answers(world, hostOf(world, migration.source));
  if (await leaveSource(world, server, action, migration)) await settleAt(world, server, action, migration, dest.name);
}

async function leaveSource(
  world: World,
  server: Server,
  action: InstanceAction,
  migration: Migration,
): Promise<boolean> {
  const event = begin(world, server, action, 'compute_resize_instance', migration.source);
  setStatus(world, migration, 'migrating');
  setTask(world, server, 'resize_migrating');
  await world.sleep(STEP + world.moving.seconds * 1000);
  if (isGone(world, server)) return false;
  if (!fails(world, server, 'cold')) {
    end(world, server, action, event);
    return true;
  }
  returnToSource(world, migration.uuid, server);
  const problem = 'Resize error: the disk cannot be moved';
  giveUp(world, server, migration, problem);
  end(world, server, action, event, problem);
  return false;
}

async function settleAt(
  world: World,
  server: Server,
  action: InstanceAction,
  migration: Migration,
  dest: string,
): Promise<void> {
  setStatus(world, migration, 'post-migrating');
  placeServer(world, server, dest);
  setTask(world, server, 'resize_migrated');
  await answers(world, hostOf(world, dest));
  const event = begin(world, server, action, 'compute_finish_resize', dest);
  setTask(world, server, 'resize_finish');
  await world.sleep(STEP);
  if (isGone(world, server)) return;
  server.before = { vmState: server.vmState, powerState: server.powerState };
  server.vmState = 'resized';
  server.launched = world.now();
  setTask(world, server, null);
  setStatus(world, migration, 'finished');
  end(world, server, action, event);
}

function giveUp(world: World, server: Server, migration: Migration, problem: string): void {
  recordFault(world, server, problem);
  setStatus(world, migration, 'error');
  setTask(world, server, null);
}

/** The migration that waits for its yes or no. */
function finishedMigration(server: Server): Migration | undefined {
  return server.migrations.findLast(({ status, type }) => status === 'finished' && type !== 'live-migration');
}

export function confirmResize(context: NovaContext, server: Server): Answer {
  const { world } = context;
  refuseLocked(context, server);
  requireState(server, 'confirmResize', ['resized']);
  const migration = finishedMigration(server);
  if (!migration) throw badRequest('Instance has not been resized.');
  const action = recordAction(context, server, 'confirmResize');
  setStatus(world, migration, 'confirming');
  world.spawn(async () => {
    const source = hostOf(world, migration.source);
    await answers(world, source);
    const event = begin(world, server, action, 'compute_confirm_resize', source.name);
    // only queued: for a while nothing shows that it has been confirmed
    await world.sleep(600 + world.chance.below(500));
    if (isGone(world, server)) return;
    releaseSource(world, migration.uuid);
    restorePower(server);
    setStatus(world, migration, 'confirmed');
    touch(world, server);
    end(world, server, action, event);
  });
  return { status: 204 };
}

export function revertResize(context: NovaContext, server: Server): Answer {
  const { world } = context;
  refuseLocked(context, server);
  requireState(server, 'revertResize', ['resized']);
  const migration = finishedMigration(server);
  if (!migration) throw badRequest('Instance has not been resized.');
  const action = recordAction(context, server, 'revertResize');
  setTask(world, server, 'resize_reverting');
  setStatus(world, migration, 'reverting');
  world.spawn(() => runRevert(world, server, action, migration));
  return { status: 202 };
}

async function runRevert(world: World, server: Server, action: InstanceAction, migration: Migration): Promise<void> {
  await answers(world, hostOf(world, migration.dest));
  const event = begin(world, server, action, 'compute_revert_resize', migration.dest ?? '');
  await world.sleep(STEP);
  if (isGone(world, server)) return;
  returnToSource(world, migration.uuid, server);
  if (server.allocation !== migration.source) allocate(world, server, migration.source);
  placeServer(world, server, migration.source);
  end(world, server, action, event);
  await answers(world, hostOf(world, migration.source));
  const last = begin(world, server, action, 'compute_finish_revert_resize', migration.source);
  await world.sleep(STEP);
  if (isGone(world, server)) return;
  restorePower(server);
  server.launched = world.now();
  setTask(world, server, null);
  setStatus(world, migration, 'reverted');
  end(world, server, action, last);
}

function restorePower(server: Server): void {
  server.vmState = server.before?.vmState ?? 'active';
  server.powerState = server.before?.powerState ?? 1;
  server.before = null;
}
