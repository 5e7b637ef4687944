import { copyFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  ago,
  computeService,
  type Ground,
  openGround,
  orderOf,
  orphanedBuild,
  soon,
  stuckServer,
} from './runbook-ground.ts';

vi.setConfig({ testTimeout: 30_000 });

let ground: Ground;

describe.each(['zedCell', 'liberty'] as const)('on the schema of %s', (schema) => {
  beforeAll(async () => {
    ground = await openGround(schema);
  });
  afterAll(() => ground.close());
  beforeEach(() => computeService(ground));
  afterEach(async () => {
    for (const table of ['migrations', 'instance_actions', 'instance_actions_events', 'instances'])
      await ground.query(`DELETE FROM ${table}`);
  });

  const preview = (typed: Readonly<Record<string, string>>, runbook = 'task-state') =>
    ground.databases.previewEdit({ runbook, typed, cell: null });
  const stateOf = async (uuid: string) =>
    (await ground.query('SELECT vm_state, task_state FROM instances WHERE uuid = ?', [uuid]))[0];

  test('task-state says what the guest is, keeps the row images to itself, and is undone', async () => {
    const server = await stuckServer(ground);
    const { preview: seen, edited, job } = await ground.run('task-state', { server, guest: 'shutoff' });
    const cells = Object.fromEntries(
      seen.rows[0]?.cells.map(({ column, before, after }) => [column, [before, after]]) ?? [],
    );
    expect(cells).toMatchObject({
      task_state: ['powering-off', 'NULL'],
      vm_state: ['active', 'stopped'],
      host: ['cmp1', null],
    });
    expect(await stateOf(server)).toEqual({ vm_state: 'stopped', task_state: null });
    expect(statSync(edited.undo?.path ?? '').mode & 0o777).toBe(0o600);
    expect(readFileSync(edited.undo?.path ?? '', 'utf8')).not.toMatch(/secret|c2VjcmV0/);
    await expect(preview({ server, guest: 'shutoff' })).rejects.toThrow('nothing to do');
    expect(await ground.databases.undoEdit({ job, sha256: edited.undo?.sha256 ?? '' }, soon())).toBe(1);
    expect(await stateOf(server)).toEqual({ vm_state: 'active', task_state: 'powering-off' });
    expect(await ground.databases.undoEdit({ job, sha256: edited.undo?.sha256 ?? '' }, soon())).toBe(0);
  });

  test('task-state leaves to the API what the API can do', async () => {
    const server = await stuckServer(ground);
    await expect(preview({ server, guest: 'running' })).rejects.toThrow(
      `openstack server set --state active ${server}`,
    );
  });

  test('task-state waits for migrations, events and recent writes, and wants nova-compute up or fenced', async () => {
    const server = await stuckServer(ground, { task_state: 'migrating' });
    const typed = { server, guest: 'paused' };
    const migration = await ground.put('migrations', { instance_uuid: server, status: 'running', deleted: 0 });
    await expect(preview(typed)).rejects.toThrow('a migration of it is not over');
    await ground.query('UPDATE migrations SET status = ? WHERE id = ?', ['error', migration]);
    const action = await ground.put('instance_actions', { instance_uuid: server, deleted: 0 });
    await ground.put('instance_actions_events', { action_id: action, start_time: ago(90), deleted: 0 });
    await expect(preview(typed)).rejects.toThrow('say restarted=WHEN');
    await expect(preview({ ...typed, restarted: '2999-01-01T00:00' })).rejects.toThrow('lies in the future');
    await expect(preview({ ...typed, restarted: ago(95) })).rejects.toThrow('say restarted=WHEN');
    expect((await preview({ ...typed, restarted: ago(80) })).rows).toHaveLength(1);
    await ground.query('DELETE FROM instance_actions_events');
    await computeService(ground, { last_seen_up: ago(10) });
    await expect(preview(typed)).rejects.toThrow('neither up nor fenced');
    await computeService(ground, { last_seen_up: ago(10), forced_down: 1 });
    expect((await preview(typed)).rows).toHaveLength(1);
    await ground.query('UPDATE instances SET updated_at = ? WHERE uuid = ?', [ago(1), server]);
    await expect(preview(typed)).rejects.toThrow('less than five minutes ago');
    await ground.query("UPDATE instances SET updated_at = NULL, vm_state = 'resized'");
    await expect(preview(typed)).rejects.toThrow('resized, rescued');
  });

  test('task-state never takes the saved memory of a suspended guest for a guest that is off', async () => {
    const server = await stuckServer(ground, { task_state: 'suspending' });
    await expect(preview({ server, guest: 'shutoff' })).rejects.toThrow('say guest=suspended');
    await ground.query("UPDATE instances SET task_state = 'resuming', vm_state = 'suspended'");
    await expect(preview({ server, guest: 'shutoff' })).rejects.toThrow('say guest=suspended');
    expect((await preview({ server, guest: 'suspended' })).rows).toHaveLength(1);
  });

  test('a live migration outlives nova-compute: that it was restarted is no word about one', async () => {
    const server = await stuckServer(ground);
    const action = await ground.put('instance_actions', {
      instance_uuid: server,
      action: 'live-migration',
      deleted: 0,
    });
    await ground.put('instance_actions_events', { action_id: action, start_time: ago(90), deleted: 0 });
    const typed = { server, guest: 'paused', restarted: ago(80) };
    await expect(preview(typed)).rejects.toThrow('one goes on when nova-compute restarts');
    await expect(preview({ ...typed, restarted: ago(95), domjobinfo: 'none' })).rejects.toThrow('say restarted=WHEN');
    expect((await preview({ ...typed, domjobinfo: 'none' })).rows).toHaveLength(1);
  });

  test('migration-record ends a record that nothing works on', async () => {
    const server = await stuckServer(ground, { task_state: 'migrating' });
    const number = await ground.put('migrations', {
      ...{
        instance_uuid: server,
        status: 'running',
        migration_type: 'live-migration',
        source_compute: 'cmp1',
        dest_compute: 'cmp2',
      },
      ...{ created_at: ago(300), updated_at: ago(200), deleted: 0 },
    });
    const typed = { server, migration: `${number}` };
    await expect(preview(typed, 'migration-record')).rejects.toThrow('in the middle of a move');
    await ground.query("UPDATE instances SET task_state = 'rebuild_block_device_mapping'");
    await expect(preview(typed, 'migration-record')).rejects.toThrow('in the middle of a move');
    await ground.query('UPDATE instances SET task_state = NULL');
    await expect(preview(typed, 'migration-record')).rejects.toThrow('its destination is neither up nor fenced');
    await ground.put('services', {
      ...{ host: 'cmp2', binary: 'nova-compute', topic: 'compute', report_count: 1 },
      ...{ deleted: 0, forced_down: 1 },
    });
    await ground.query("UPDATE migrations SET migration_type = 'evacuation'");
    await expect(preview(typed, 'migration-record')).rejects.toThrow('it is an evacuation');
    await ground.query("UPDATE migrations SET migration_type = 'live-migration'");
    const { preview: shown, job, edited } = await ground.run('migration-record', typed);
    // The row alone does not free the source: Placement counts by the uuid of the migration.
    expect(shown.runbook.notes.join()).toMatch(/placement audit[\s\S]*resource provider allocation delete UUID/);
    expect(await ground.query('SELECT status FROM migrations')).toEqual([{ status: 'error' }]);
    await ground.query("UPDATE migrations SET status = 'completed'");
    await expect(ground.databases.undoEdit({ job, sha256: edited.undo?.sha256 ?? '' }, soon())).rejects.toThrow(
      `migrations ${number} was changed by somebody else since (status): nothing was undone`,
    );
    expect(await ground.query('SELECT status FROM migrations')).toEqual([{ status: 'completed' }]);
    await expect(preview(typed, 'migration-record')).rejects.toThrow('nothing to do');
  });

  test('what was written to since it was shown, a text that was changed, and a file of another are refused', async () => {
    const server = await stuckServer(ground);
    const seen = await preview({ server, guest: 'paused' });
    await ground.query("UPDATE instances SET task_state = 'deleting'");
    await expect(ground.databases.edit(orderOf('a1a1', seen), soon())).rejects.toThrow(
      'not as shown when this was approved',
    );
    expect(await stateOf(server)).toEqual({ vm_state: 'active', task_state: 'deleting' });
    await expect(ground.databases.edit({ ...orderOf('a1a1', seen), sha256: 'other' }, soon())).rejects.toThrow(
      'another text',
    );
    expect(await ground.databases.edited(orderOf('a1a1', seen))).toBeNull();
    const { preview: shown, job, edited } = await ground.run('task-state', { server, guest: 'paused' });
    // Whoever takes over from a worker that died finds out what that one did.
    expect(await ground.databases.edited(orderOf(job, shown))).toEqual(edited);
    await ground.query("UPDATE instances SET task_state = 'deleting', vm_state = 'active'");
    expect(await ground.databases.edited(orderOf(job, shown))).toBe('as before');
    await ground.query("UPDATE instances SET task_state = 'rebooting'");
    expect(await ground.databases.edited(orderOf(job, shown))).toBe('unclear');
    writeFileSync(
      edited.undo?.path ?? '',
      readFileSync(edited.undo?.path ?? '', 'utf8').replace('deleting', 'spawning'),
    );
    await expect(ground.databases.undoEdit({ job, sha256: edited.undo?.sha256 ?? '' }, soon())).rejects.toThrow(
      'is not what',
    );
    copyFileSync(edited.undo?.path ?? '', (edited.undo?.path ?? '').replace(job, 'b2b2'));
    await expect(ground.databases.previewUndo('b2b2', null)).rejects.toThrow(`is of ${job} of`);
    await expect(ground.databases.previewUndo('../x', null)).rejects.toThrow('is no job');
  });

  test('a release it was not written for is refused', async () => {
    const server = await stuckServer(ground);
    const [table, revision, other] =
      schema === 'liberty'
        ? ['migrate_version SET version', 302, 280]
        : ['alembic_version SET version_num', 'ccb0fa1a2252', 'ab450ba04102'];
    await ground.query(`UPDATE ${table} = ?`, [other]);
    await expect(preview({ server, guest: 'paused' })).rejects.toThrow(
      `is for Liberty to 2026.1, and the schema of cell`,
    );
    await ground.query(`UPDATE ${table} = ?`, [revision]);
  });
});

describe('on nova_api of Zed', () => {
  beforeAll(async () => {
    ground = await openGround('zedCell', 'zedApi');
  });
  afterAll(() => ground.close());

  test('orphaned-build removes the request of a server that a cell has, and its undo brings every byte back', async () => {
    const server = await orphanedBuild(ground);
    const { api } = ground;
    const preview = () => ground.databases.previewEdit({ runbook: 'orphaned-build', typed: { server }, cell: null });
    await ground.query(`UPDATE ${api?.name}.instance_mappings SET cell_id = NULL`);
    await expect(preview()).rejects.toThrow('in no cell; openstack server delete');
    await ground.query(`UPDATE ${api?.name}.instance_mappings SET cell_id = 7`);
    const all = () => ground.query(`SELECT * FROM ${api?.name}.build_requests`);
    const before = await all();
    expect(JSON.stringify(await preview())).not.toContain('s3cret');
    const { job, edited } = await ground.run('orphaned-build', { server });
    expect(await all()).toEqual([]);
    expect((await ground.databases.previewUndo(job, edited.undo)).rows).toMatchObject([{ state: 'ours' }]);
    expect(JSON.stringify(await ground.databases.previewUndo(job, edited.undo))).not.toContain('s3cret');
    expect(await ground.databases.undoEdit({ job, sha256: edited.undo?.sha256 ?? '' }, soon())).toBe(1);
    expect(await all()).toEqual(before);
  });
});
