import { badRequest, forbidden } from '../fault.ts';
import { allocate, answers, hostOf, isUp, placeServer, releaseSource } from '../hosts.ts';
import type { Answer } from '../http.ts';
import { fields, text } from '../json.ts';
import { projectOf } from '../keystone/identity.ts';
import { schedule } from '../scheduler.ts';
import type { InstanceAction, Server, World } from '../world.ts';
import { invalid, shortText } from './checks.ts';
import { bodyWith, type NovaContext, recordAction, serverOf } from './context.ts';
import { begin, end, isGone, recordFault, refuseLocked, requireState, setTask, touch } from './guards.ts';
import { newServer } from './new-server.ts';
import { usage } from './quotas.ts';

/** POST servers */
export function createServer(context: NovaContext): Answer {
  const { world, token, base } = context;
  const wish = bodyWith(context, 'server');
  const name = shortText('name', wish['name']);
  if (name === undefined) throw invalid('server', wish, "'name' is a required property");
  const flavor = world.flavors.find(({ id }) => id === wish['flavorRef']);
  if (!flavor) throw badRequest(`Flavor ${String(wish['flavorRef'])} could not be found.`);
  const project = projectOf(token) ?? '';
  const count = typeof wish['min_count'] === 'number' ? wish['min_count'] : 1;
  refuseOverQuota(context, project, count);
  const hints = fields(fields(JSON.parse(context.request.body))['os:scheduler_hints']);
  const reservation = `r-${world.chance.letters(8).toLowerCase()}`;
  let first: Server | undefined;
  for (let index = 0; index < count; index += 1) {
    const server = newServer(world, {
      name: count === 1 ? name : `${name}-${index + 1}`,
      project,
      user: token.user.id,
      flavor,
      zone: text(wish['availability_zone']) ?? null,
      // nova refuses values that are no texts; here they are made texts
      metadata: Object.fromEntries(
        Object.entries(fields(wish['metadata'])).map(([key, value]) => [key, String(value)]),
      ),
      description: text(wish['description']) ?? null,
      tags: Array.isArray(wish['tags']) ? wish['tags'].map(String) : [],
      reservation,
      launchIndex: index,
    });
    world.groups.find(({ id }) => id === hints['group'])?.members.add(server.id);
    const action = recordAction(context, server, 'create');
    world.spawn(() => build(world, server, action));
    first ??= server;
  }
  const id = first?.id ?? '';
  const links = [
    { rel: 'self', href: `${base}/v2.1/servers/${id}` },
    { rel: 'bookmark', href: `${base}/servers/${id}` },
  ];
  const adminPass = world.chance.letters(12);
  return {
    status: 202,
    body: { server: { id, links, 'OS-DCF:diskConfig': 'MANUAL', security_groups: [{ name: 'default' }], adminPass } },
    headers: { location: `${base}/v2.1/servers/${id}` },
  };
}

function refuseOverQuota({ world }: NovaContext, project: string, count: number): void {
  const limit = world.quotas.get(project)?.['instances'] ?? -1;
  const used = usage(world, project).instances;
  if (limit < 0 || used + count <= limit) return;
  throw forbidden(`Quota exceeded for instances: Requested ${count}, but already used ${used} of ${limit} instances`);
}

async function build(world: World, server: Server, action: InstanceAction): Promise<void> {
  const event = begin(world, server, action, 'conductor_schedule_and_build_instances', 'ctl1');
  await world.sleep(200);
  if (isGone(world, server)) return;
  const choice = schedule(world, server, {});
  const host = 'hosts' in choice ? choice.hosts[0] : undefined;
  if (!host) {
    const problem = 'No valid host was found. There are not enough hosts available.';
    server.cell = world.cell0;
    server.vmState = 'error';
    setTask(world, server, null);
    recordFault(world, server, problem);
    return end(world, server, action, event, problem);
  }
  server.cell = host.cell;
  allocate(world, server, host.name);
  placeServer(world, server, host.name);
  setTask(world, server, 'spawning');
  end(world, server, action, event);
  await answers(world, host);
  const spawn = begin(world, server, action, 'compute__do_build_and_run_instance', host.name);
  await world.sleep(300);
  if (isGone(world, server)) return;
  server.vmState = 'active';
  server.powerState = 1;
  server.launched = world.now();
  setTask(world, server, null);
  end(world, server, action, spawn);
}

/** DELETE servers/ID. A server with disable_terminate survives, and nobody is told. */
export async function deleteServer(context: NovaContext): Promise<Answer> {
  const server = serverOf(context);
  await remove(context, server, 'delete');
  return { status: 204 };
}

export async function forceDelete(context: NovaContext, server: Server): Promise<Answer> {
  await remove(context, server, 'forceDelete');
  return { status: 202 };
}

async function remove(context: NovaContext, server: Server, verb: string): Promise<void> {
  const { world } = context;
  refuseLocked(context, server);
  requireState(server, verb, 'any', 'any');
  if (await world.tables.disableTerminate(server)) return;
  const action = recordAction(context, server, 'delete');
  setTask(world, server, 'deleting');
  const host = server.host === null ? undefined : world.hosts.get(server.host);
  if (!host || !isUp(world, host.service)) {
    // with nobody there to do it, nova-api does it itself
    forget(world, server);
    return;
  }
  world.spawn(async () => {
    await answers(world, host);
    const event = begin(world, server, action, 'compute_terminate_instance', host.name);
    await world.sleep(300);
    forget(world, server);
    end(world, server, action, event);
  });
}

export function forget(world: World, server: Server): void {
  if (!world.servers.delete(server.id)) return;
  if (server.host !== null) hostOf(world, server.host).servers.delete(server);
  allocate(world, server, null);
  for (const migration of server.migrations) releaseSource(world, migration.uuid);
  for (const group of world.groups) group.members.delete(server.id);
  server.terminated = world.now();
  server.vmState = 'deleted';
  server.powerState = 0;
  server.taskState = null;
  world.deleted.push(server);
  touch(world, server);
}
