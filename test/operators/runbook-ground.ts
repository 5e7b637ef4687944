import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { connectDatabases } from '../../src/mysql/databases.ts';
import type { Databases, Edited, EditOrder, EditPreview } from '../../src/openstack/cloud.ts';
import { openRunbooks } from '../../src/runbooks/folder.ts';
import { freshDatabase, mariadbUrl, type TestDatabase } from '../setup/servers.ts';
import { deniedTo } from './accounts.ts';
import { cell1, dsnOf, rootDsn } from './cloud.ts';
import { makeSchema, type Schema } from './runbook-tables.ts';

/** A cloud of one cell, of a release, and the runbooks that come with vigie. */
export interface Ground {
  readonly cell: TestDatabase;
  readonly api: TestDatabase | null;
  readonly databases: Databases;
  readonly undo: string;
  /** The same, through accounts that have these grants and no more. */
  as(grants: {
    cell?: readonly string[];
    api?: readonly string[];
  }): Promise<{ databases: Databases; refused(tries: readonly string[]): Promise<string[]> }>;
  put(table: string, row: Readonly<Record<string, unknown>>, where?: TestDatabase): Promise<number>;
  query(sql: string, values?: readonly unknown[]): Promise<RowDataPacket[]>;
  run(
    runbook: string,
    typed: Readonly<Record<string, string>>,
    databases?: Databases,
  ): Promise<{ preview: EditPreview; edited: Edited; job: string }>;
  close(): Promise<void>;
}

export async function openGround(schema: Schema, apiSchema: Schema | null = null): Promise<Ground> {
  const folder = mkdtempSync(join(tmpdir(), 'vigie-undo-'));
  const cellDatabase = await freshDatabase('nova');
  const api = apiSchema === null ? null : await freshDatabase('nova_api');
  const root = await createConnection({ uri: mariadbUrl(), database: cellDatabase.name, dateStrings: true });
  await makeSchema(root, cellDatabase.name, schema);
  if (api !== null && apiSchema !== null) await makeSchema(root, api.name, apiSchema);
  const users: string[] = [];
  const open: { close(): Promise<void> }[] = [];
  const connect = (dsns: { cell: string; api: string | null }) => {
    const made = connectDatabases({
      cloud: 'prod',
      dsns: { novaApi: dsns.api, cells: { [cell1]: dsns.cell } },
      archive: { folder, publicKey: null, privateKey: null },
      runbooks: openRunbooks(['runbooks']),
      now: () => new Date(),
    });
    open.push(made);
    return made;
  };
  const databases = connect({ cell: rootDsn(cellDatabase), api: api === null ? null : rootDsn(api) });
  const account = async (grants: readonly [TestDatabase, readonly string[]][]) => {
    const made = { user: `u${randomBytes(5).toString('hex')}`, password: randomBytes(5).toString('hex') };
    users.push(made.user);
    await root.query('CREATE USER ?@localhost IDENTIFIED BY ?', [made.user, made.password]);
    for (const [database, some] of grants)
      for (const grant of some)
        await root.query(`GRANT ${grant.replaceAll('{db}', database.name)} TO ?@localhost`, [made.user]);
    return made;
  };
  return {
    cell: cellDatabase,
    api,
    databases,
    undo: folder,
    async as(grants) {
      const made = await account([
        [cellDatabase, grants.cell ?? []],
        ...(api === null ? [] : [[api, grants.api ?? []] satisfies [TestDatabase, readonly string[]]]),
      ]);
      return {
        databases: connect({ cell: dsnOf(cellDatabase, made), api: api === null ? null : dsnOf(api, made) }),
        refused: (tries) =>
          deniedTo(dsnOf(grants.cell === undefined && api !== null ? api : cellDatabase, made), tries),
      };
    },
    async put(table, row, where = cellDatabase) {
      const [result] = await root.query(`INSERT INTO ${where.name}.${table} SET ?`, [row]);
      return (result as { insertId: number }).insertId;
    },
    async query(sql, values = []) {
      const [rows] = await root.query<RowDataPacket[]>(sql, [...values]);
      return rows;
    },
    async run(runbook, typed, by = databases) {
      const preview = await by.previewEdit({ runbook, typed, cell: null });
      const job = randomBytes(4).toString('hex');
      return { preview, edited: await by.edit(orderOf(job, preview), soon()), job };
    },
    async close() {
      for (const one of open) await one.close();
      for (const user of users) await root.query('DROP USER ?@localhost', [user]);
      await api?.drop();
      await cellDatabase.drop();
      await root.end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export function orderOf(job: string, { runbook, values, cell: uuid, rows }: EditPreview): EditOrder {
  const { name, sha256 } = runbook;
  return { job, human: 'alice', runbook: name, sha256, cell: uuid, values, rows: rows.map(({ hash }) => hash) };
}

export function soon() {
  return { signal: new AbortController().signal, notAfter: performance.now() + 60_000 };
}

/** Naive UTC, so many minutes ago. */
export function ago(minutes: number): string {
  return new Date(Date.now() - minutes * 60_000).toISOString().slice(0, 19).replace('T', ' ');
}

/** A server that has been stuck for an hour, its nova-compute up. */
export async function stuckServer(ground: Ground, row: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const uuid = randomUUID();
  await ground.put('instances', {
    ...{ uuid, display_name: 'web-1', host: 'cmp1', vm_state: 'active', task_state: 'powering-off', power_state: 4 },
    ...{ user_data: 'c2VjcmV0', key_data: 'ssh-rsa secret', deleted: 0, updated_at: ago(60), project_id: 'p' },
    ...row,
  });
  return uuid;
}

export async function computeService(ground: Ground, row: Readonly<Record<string, unknown>> = {}): Promise<void> {
  await ground.query('DELETE FROM services');
  await ground.put('services', {
    ...{
      host: 'cmp1',
      binary: 'nova-compute',
      topic: 'compute',
      report_count: 1,
      deleted: 0,
      last_seen_up: ago(0),
      forced_down: 0,
    },
    ...row,
  });
}

/** A server that a cell has and that is listed in BUILD all the same. */
export async function orphanedBuild(ground: Ground): Promise<string> {
  const server = await stuckServer(ground);
  const api = ground.api ?? undefined;
  const instance = '{"user_data": "s3cret \\u0000 é"}';
  await ground.put('build_requests', { instance_uuid: server, project_id: 'p', instance, created_at: ago(600) }, api);
  await ground.put('instance_mappings', { instance_uuid: server, cell_id: 7, project_id: 'p' }, api);
  return server;
}
