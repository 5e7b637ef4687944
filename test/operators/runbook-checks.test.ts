import { afterEach, expect, test, vi } from 'vitest';
import { openRunbooks } from '../../src/runbooks/folder.ts';
import { ago, computeService, type Ground, openGround, orphanedBuild, stuckServer } from './runbook-ground.ts';
import type { Schema } from './runbook-tables.ts';

vi.setConfig({ testTimeout: 60_000 });

type Typed = Readonly<Record<string, string>>;

/** A cloud on which a runbook goes, and for each of its checks, in their order, what keeps it alone from going. */
interface Scene {
  readonly schema: Schema;
  readonly api?: Schema;
  readonly tables: readonly string[];
  set(ground: Ground): Promise<Typed>;
  readonly disturbed: readonly ((ground: Ground, typed: Typed) => Promise<Typed | undefined>)[];
}

const write = (sql: string) => async (ground: Ground) => {
  await ground.query(sql.replaceAll('{api}', ground.api?.name ?? ''));
  return undefined;
};
const unfinished =
  (action: string) =>
  async (ground: Ground, { server = '' }: Typed) => {
    const id = await ground.put('instance_actions', { instance_uuid: server, action, deleted: 0 });
    await ground.put('instance_actions_events', { action_id: id, start_time: ago(90), deleted: 0 });
    return undefined;
  };
const restartedLater = async (_ground: Ground, typed: Typed) => ({ ...typed, restarted: '2999-01-01T00:00' });
const silent = (host: string) =>
  write(`UPDATE services SET last_seen_up = UTC_TIMESTAMP() - INTERVAL 61 SECOND WHERE host = '${host}'`);

const cellTables = ['instances', 'migrations', 'instance_actions', 'instance_actions_events', 'services'];
const oldTables = ['reservations', 'quota_usages', 'instances', 'fixed_ips', 'floating_ips'];

async function deadMigration(ground: Ground): Promise<Typed> {
  await computeService(ground);
  await ground.put('services', {
    ...{ host: 'cmp2', binary: 'nova-compute', topic: 'compute', report_count: 1 },
    ...{ deleted: 0, last_seen_up: ago(0), forced_down: 0 },
  });
  const server = await stuckServer(ground, { task_state: null });
  const migration = await ground.put('migrations', {
    ...{ instance_uuid: server, status: 'running', migration_type: 'live-migration', deleted: 0 },
    ...{ source_compute: 'cmp1', dest_compute: 'cmp2', created_at: ago(300), updated_at: ago(200) },
  });
  return { server, migration: `${migration}` };
}

const scenes: Readonly<Record<string, Scene>> = {
  'task-state': {
    schema: 'zedCell',
    tables: cellTables,
    async set(ground) {
      await computeService(ground);
      return { server: await stuckServer(ground), guest: 'shutoff' };
    },
    disturbed: [
      write("UPDATE instances SET vm_state = 'resized'"),
      write("UPDATE instances SET task_state = 'suspending'"),
      write('UPDATE instances SET updated_at = UTC_TIMESTAMP() - INTERVAL 4 MINUTE'),
      write("INSERT INTO migrations (instance_uuid, status, deleted) SELECT uuid, 'queued', 0 FROM instances"),
      restartedLater,
      unfinished('live-migration'),
      unfinished('stop'),
      silent('cmp1'),
    ],
  },
  'migration-record': {
    schema: 'zedCell',
    tables: cellTables,
    set: deadMigration,
    disturbed: [
      write("UPDATE migrations SET migration_type = 'evacuation'"),
      write("UPDATE instances SET task_state = 'resize_migrating'"),
      write("UPDATE instances SET vm_state = 'resized'"),
      write('UPDATE migrations SET updated_at = UTC_TIMESTAMP() - INTERVAL 59 MINUTE'),
      restartedLater,
      unfinished('live-migration'),
      unfinished('migrate'),
      silent('cmp1'),
      silent('cmp2'),
    ],
  },
  'orphaned-build': {
    schema: 'zedCell',
    api: 'zedApi',
    tables: ['instances', '{api}.build_requests', '{api}.instance_mappings'],
    set: async (ground) => ({ server: await orphanedBuild(ground) }),
    disturbed: [
      write('UPDATE {api}.instance_mappings SET cell_id = NULL'),
      write('UPDATE {api}.build_requests SET created_at = UTC_TIMESTAMP() - INTERVAL 59 MINUTE'),
    ],
  },
  'quota-usage': {
    schema: 'grizzly',
    tables: oldTables,
    async set(ground) {
      await ground.put('quota_usages', { project_id: 'p', resource: 'cores', in_use: 4, reserved: 0, deleted: 0 });
      return { project: 'p', resource: 'cores' };
    },
    disturbed: [
      write(
        "INSERT INTO reservations (uuid, project_id, resource, delta, expire, usage_id, deleted) VALUES ('u', 'p', 'cores', 1, UTC_TIMESTAMP(), 1, 0)",
      ),
    ],
  },
  'floating-ip': {
    schema: 'grizzly',
    tables: oldTables,
    async set(ground) {
      await ground.put('fixed_ips', { id: 9, address: '10.0.0.9', instance_uuid: 'gone', deleted: 0 });
      await ground.put('floating_ips', { address: '192.0.2.5', fixed_ip_id: 9, host: 'cmp1', deleted: 0 });
      return { address: '192.0.2.5' };
    },
    disturbed: [write("INSERT INTO instances (uuid, deleted) VALUES ('gone', 0)")],
  },
};

let ground: Ground;
afterEach(() => ground.close());

test('each runbook that comes with vigie has a scene here', async () => {
  ground = await openGround('grizzly');
  const { runbooks } = await openRunbooks(['runbooks'])();
  expect(runbooks.map(({ head }) => head.name)).toEqual(Object.keys(scenes).sort());
});

test.each(Object.entries(scenes))('%s is kept from going by each of its checks alone', async (runbook, scene) => {
  ground = await openGround(scene.schema, scene.api ?? null);
  const preview = (typed: Typed) => ground.databases.previewEdit({ runbook, typed, cell: null });
  const [{ checks } = { checks: [] }] = (await ground.databases.runbooks()).runbooks.filter(
    ({ name }) => name === runbook,
  );
  expect(scene.disturbed).toHaveLength(checks.length);
  for (const [index, disturb] of scene.disturbed.entries()) {
    const typed = await scene.set(ground);
    expect((await preview(typed)).rows).toHaveLength(1);
    const more = (await disturb(ground, typed)) ?? typed;
    await expect(preview(more), checks[index]).rejects.toThrow(`${runbook}: ${checks[index]}`);
    for (const table of scene.tables) await write(`DELETE FROM ${table}`)(ground);
  }
});
