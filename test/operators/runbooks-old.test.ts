import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ago, type Ground, openGround, soon, stuckServer } from './runbook-ground.ts';

vi.setConfig({ testTimeout: 30_000 });

let ground: Ground;

describe('on the nova database of Grizzly', () => {
  beforeAll(async () => {
    ground = await openGround('grizzly');
  });
  afterAll(() => ground.close());

  test('quota-usage makes Nova count again, once no reservation is open', async () => {
    await ground.put('quota_usages', {
      id: 3,
      project_id: 'p1',
      resource: 'cores',
      in_use: 40,
      reserved: 3,
      deleted: 0,
    });
    await ground.put('quota_usages', {
      id: 4,
      project_id: 'p2',
      resource: 'cores',
      in_use: 4,
      reserved: 0,
      deleted: 0,
    });
    await ground.put('reservations', {
      uuid: 'u',
      usage_id: 3,
      project_id: 'p1',
      resource: 'cores',
      delta: 1,
      expire: ago(-60),
      deleted: 0,
    });
    const typed = { project: 'p1', resource: 'cores' };
    await expect(ground.run('quota-usage', typed)).rejects.toThrow('holds a reservation');
    // What ran out and nova-scheduler has yet to take back would be taken from 0.
    await ground.query('UPDATE reservations SET expire = ?', [ago(1)]);
    await expect(ground.run('quota-usage', typed)).rejects.toThrow('holds a reservation');
    await ground.query('UPDATE reservations SET deleted = id');
    const { job, edited } = await ground.run('quota-usage', typed);
    expect(await ground.query('SELECT id, in_use, reserved FROM quota_usages')).toEqual([
      { id: 3, in_use: -1, reserved: 0 },
      { id: 4, in_use: 4, reserved: 0 },
    ]);
    await ground.databases.undoEdit({ job, sha256: edited.undo?.sha256 ?? '' }, soon());
    expect(await ground.query('SELECT in_use, reserved FROM quota_usages WHERE id = 3')).toEqual([
      { in_use: 40, reserved: 3 },
    ]);
  });

  test('floating-ip frees an address whose server is gone, and no other', async () => {
    const server = await stuckServer(ground, { task_state: null });
    await ground.put('fixed_ips', { id: 9, address: '10.0.0.9', instance_uuid: server, deleted: 0 });
    await ground.put('floating_ips', {
      id: 5,
      address: '192.0.2.5',
      fixed_ip_id: 9,
      project_id: 'p',
      host: 'cmp1',
      deleted: 0,
    });
    const typed = { address: '192.0.2.5' };
    await expect(ground.run('floating-ip', typed)).rejects.toThrow('belongs to a server that lives');
    await ground.query('UPDATE instances SET deleted = id');
    const { job, edited } = await ground.run('floating-ip', typed);
    expect(await ground.query('SELECT fixed_ip_id, host FROM floating_ips')).toEqual([
      { fixed_ip_id: null, host: null },
    ]);
    await ground.databases.undoEdit({ job, sha256: edited.undo?.sha256 ?? '' }, soon());
    expect(await ground.query('SELECT fixed_ip_id, host FROM floating_ips')).toEqual([
      { fixed_ip_id: 9, host: 'cmp1' },
    ]);
  });

  test('a runbook for newer releases is refused', async () => {
    const typed = { server: '6f1c0b3e-58d4-4c07-9a3f-1f0e6f9f2d11', guest: 'paused' };
    await expect(ground.run('task-state', typed)).rejects.toThrow('is for Liberty to 2026.1');
  });
});
