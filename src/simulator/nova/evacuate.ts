import { badRequest, notFound } from '../fault.ts';
import { allocate, answers, hostOf, isUp, placeServer } from '../hosts.ts';
import type { Answer } from '../http.ts';
import { type Fields, isFields, repr } from '../json.ts';
import { schedule } from '../scheduler.ts';
import type { Host, InstanceAction, Migration, Server } from '../world.ts';
import { invalid, onlyKeys } from './checks.ts';
import { type NovaContext, recordAction } from './context.ts';
import { begin, end, isGone, recordFault, refuseShares, requireState, setTask } from './guards.ts';
import { newMigration, setStatus } from './moving.ts';

const FIELD = 'evacuate';

export function checkEvacuateBody({ minor }: NovaContext, value: unknown): void {
  if (!isFields(value)) throw invalid(FIELD, value, `${repr(value)} is not of type 'object'`);
  const allowed = [
    'host',
    'adminPass',
    ...(minor < 14 ? ['onSharedStorage'] : []),
    ...(minor >= 29 && minor < 68 ? ['force'] : []),
  ];
  onlyKeys(FIELD, value, allowed);
  if (minor < 14 && !('onSharedStorage' in value))
    throw invalid(FIELD, value, "'onSharedStorage' is a required property");
}

export function evacuate(context: NovaContext, server: Server, value: unknown): Answer {
  const { world, minor } = context;
  const body: Fields = isFields(value) ? value : {};
  const only = typeof body['host'] === 'string' ? body['host'] : null;
  if (only !== null && !world.hosts.has(only)) throw notFound(`Compute host ${only} not found.`);
  if (only !== null && only === server.host) throw badRequest("The target host can't be the same one.");
  refuseShares(server);
  requireState(server, FIELD, ['active', 'stopped', 'error'], 'any');
  const source = hostOf(world, server.host);
  if (isUp(world, source.service)) throw badRequest(`Compute service of ${source.name} is still in use.`);

  const action = recordAction(context, server, 'evacuate');
  setTask(world, server, 'rebuilding');
  const migration = newMigration(context, server, 'evacuation', only);
  migration.sourceNode = migration.source;
  world.spawn(() => runEvacuation(context, server, action, migration, only, body['onSharedStorage'] === true));
  return minor < 14 ? { status: 200, body: { adminPass: null } } : { status: 200 };
}

async function runEvacuation(
  context: NovaContext,
  server: Server,
  action: InstanceAction,
  migration: Migration,
  only: string | null,
  shared: boolean,
): Promise<void> {
  const { world } = context;
  const event = begin(world, server, action, 'rebuild_server', 'ctl1');
  await world.sleep(200);
  const choice = schedule(world, server, { except: [migration.source], ...(only === null ? {} : { only }) });
  const dest = 'hosts' in choice ? choice.hosts[0] : undefined;
  if (!dest) {
    const problem = 'No valid host was found. There are not enough hosts available.';
    recordFault(world, server, problem);
    server.vmState = 'error';
    setTask(world, server, null);
    setStatus(world, migration, 'error');
    return end(world, server, action, event, problem);
  }
  migration.dest = dest.name;
  migration.destNode = dest.name;
  migration.destHost = '127.0.0.1';
  setStatus(world, migration, 'accepted');
  end(world, server, action, event);
  await rebuildAt(context, server, action, migration, dest, shared);
}

async function rebuildAt(
  { world, minor }: NovaContext,
  server: Server,
  action: InstanceAction,
  migration: Migration,
  dest: Host,
  shared: boolean,
): Promise<void> {
  await answers(world, dest);
  const event = begin(world, server, action, 'compute_rebuild_instance', dest.name);
  setStatus(world, migration, 'pre-migrating');
  await world.sleep(300);
  if (isGone(world, server)) return;
  if (shared) {
    // no two hosts share a disk here
    const problem = 'Invalid state of instance files on shared storage';
    recordFault(world, server, problem);
    server.vmState = 'error';
    setTask(world, server, null);
    setStatus(world, migration, 'failed');
    return end(world, server, action, event, problem);
  }
  allocate(world, server, dest.name);
  placeServer(world, server, dest.name);
  const stays = server.vmState === 'stopped' || minor >= 95;
  server.vmState = stays ? 'stopped' : 'active';
  server.powerState = stays ? 4 : 1;
  server.launched = world.now();
  setTask(world, server, null);
  setStatus(world, migration, 'done');
  end(world, server, action, event);
}
