import { answers, holdSource, hostOf, isUp } from '../hosts.ts';
import { hasRoom, schedule } from '../scheduler.ts';
import type { Host, InstanceAction, Migration, Server } from '../world.ts';
import type { NovaContext } from './context.ts';
import { begin, end, recordFault, setTask } from './guards.ts';
import { runLive } from './live-run.ts';
import { fails, newMigration, setStatus } from './moving.ts';

export interface LiveWish {
  /** A destination taken as it is, past the scheduler. */
  readonly forced: string | null;
  /** The only destination the scheduler may choose. */
  readonly only: string | null;
}

/** The conductor's part: find a host that takes the server, then hand it to the source. Gives what went wrong. */
export async function conduct(
  context: NovaContext,
  server: Server,
  action: InstanceAction,
  wish: LiveWish,
  eventName: string,
): Promise<string | null> {
  const { world } = context;
  const migration = newMigration(context, server, 'live-migration', wish.forced);
  const event = begin(world, server, action, eventName, 'ctl1');
  const chosen = await choose(context, server, action, migration, wish);
  if (typeof chosen === 'string') {
    recordFault(world, server, chosen);
    setStatus(world, migration, 'error');
    setTask(world, server, null);
    end(world, server, action, event, chosen);
    return chosen;
  }
  migration.dest = chosen.name;
  migration.sourceNode = migration.source;
  migration.destNode = chosen.name;
  holdSource(world, migration.uuid, server, chosen.name);
  setStatus(world, migration, 'accepted');
  end(world, server, action, event);
  world.spawn(() => runLive(world, server, action, migration));
  return null;
}

async function choose(
  context: NovaContext,
  server: Server,
  action: InstanceAction,
  migration: Migration,
  wish: LiveWish,
): Promise<Host | string> {
  const { world } = context;
  const source = hostOf(world, migration.source);
  if (!isUp(world, source.service)) return unavailable(source);
  if (wish.forced !== null) return forcedHost(context, server, action, migration, hostOf(world, wish.forced));

  const tried = [migration.source];
  for (;;) {
    const choice = schedule(world, server, { except: tried, ...(wish.only === null ? {} : { only: wish.only }) });
    const best = 'hosts' in choice ? choice.hosts[0] : undefined;
    if (!best) {
      const plain = 'No valid host was found. There are not enough hosts available.';
      return 'problem' in choice && tried.length === 1 ? choice.problem : plain;
    }
    if ((await refusal(context, server, action, best)) === null) return best;
    tried.push(best.name);
  }
}

async function forcedHost(
  context: NovaContext,
  server: Server,
  action: InstanceAction,
  migration: Migration,
  host: Host,
): Promise<Host | string> {
  if (host.name === migration.source) {
    return `Unable to migrate instance (${server.id}) to current host (${host.name}).`;
  }
  if (!isUp(context.world, host.service)) return unavailable(host);
  if (!hasRoom(host, server))
    return `Migration pre-check error: Unable to migrate ${server.id} to ${host.name}: Lack of memory`;
  return (await refusal(context, server, action, host)) ?? host;
}

/** What the destination says against this guest; a host that hangs says it by its silence. */
async function refusal(
  context: NovaContext,
  server: Server,
  action: InstanceAction,
  host: Host,
): Promise<string | null> {
  const { world } = context;
  if (!(await answers(world, host, world.settings.rpcTimeoutSeconds))) {
    return 'Migration pre-check error: Timed out waiting for a reply';
  }
  const event = begin(world, server, action, 'compute_check_can_live_migrate_destination', host.name);
  await world.sleep(100);
  const problem = fails(world, server, 'precheck')
    ? `Migration pre-check error: ${host.name} refuses this guest`
    : null;
  end(world, server, action, event, problem);
  if (problem === null)
    end(
      world,
      server,
      action,
      begin(world, server, action, 'compute_check_can_live_migrate_source', server.host ?? ''),
    );
  return problem;
}

function unavailable(host: Host): string {
  return `Compute service of ${host.name} is unavailable at this time.`;
}
