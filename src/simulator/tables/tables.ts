import { createPool, type Pool, type RowDataPacket } from 'mysql2/promise';
import type { AppCredential, Identity, Project, Token, Trust, User } from '../keystone/identity.ts';
import { DOMAIN } from '../keystone/identity.ts';
import type { Settings } from '../settings.ts';
import type { Cell, Fault, Host, InstanceAction, Migration, Server, Service } from '../world.ts';
import { poolOptions } from './address.ts';
import { createDatabases, type Databases } from './databases.ts';
import * as rows from './rows.ts';
import { type Writer, writerTo } from './writer.ts';

/** The operators' databases. What changes in memory is written through; what operators change by SQL is read back. */
export interface Tables {
  readonly pool: Pool;
  readonly databases: Databases;
  cell(cell: Cell, connection: string): void;
  host(host: Host): void;
  removeHost(host: Host): void;
  service(service: Service, cell: Cell, seen: Date): void;
  /** These services live, as they say themselves. A database that is away hears nothing of it. */
  reported(cell: Cell, services: readonly Service[], seen: Date): Promise<void>;
  server(server: Server): void;
  fault(server: Server, fault: Fault): void;
  action(server: Server, action: InstanceAction): void;
  migration(migration: Migration): void;
  project(project: Project): void;
  user(user: User): void;
  token(token: Token): void;
  revocation(token: Token): void;
  trust(trust: Trust): void;
  removeTrust(id: string, now: Date): void;
  appCredential(credential: AppCredential): void;
  removeAppCredential(id: string): void;
  disableTerminate(server: Server): Promise<boolean>;
  hasToken(id: string): Promise<boolean>;
  /** Forgets the trusts and application credentials whose rows an operator deleted. */
  forgetDeleted(identity: Identity): Promise<void>;
  settled(): Promise<void>;
  stop(): Promise<void>;
}

export async function openTables(settings: Settings, databases: Databases, now: () => Date): Promise<Tables> {
  const pool = createPool(poolOptions(settings.mysql));
  try {
    await createDatabases(pool, databases);
  } catch (error) {
    await pool.end();
    throw error;
  }
  const writer = writerTo(pool);
  return {
    pool,
    databases,
    ...novaWriters(writer, databases),
    ...keystoneWriters(writer, databases, now),
    ...readers(pool, writer, databases),
    async reported({ database }, services, seen) {
      const ids = services.map(({ id }) => id);
      if (ids.length === 0) return;
      const columns = 'last_seen_up = ?, updated_at = GREATEST(updated_at, ?), report_count = report_count + 1';
      await pool
        .query(`UPDATE \`${database}\`.services SET ${columns} WHERE id IN (?)`, [seen, seen, ids])
        .catch(() => undefined);
    },
    settled: () => writer.settled(),
    async stop() {
      // a database that has gone must not keep the simulator from stopping
      await writer.settled().catch(() => undefined);
      await pool.end();
    },
  };
}

function novaWriters(writer: Writer, { api }: Databases) {
  const inCell = (cell: Cell, table: string) => `\`${cell.database}\`.${table}`;
  return {
    cell(cell: Cell, connection: string) {
      const { id, uuid, name } = cell;
      const transport_url = cell.name === 'cell0' ? 'none:///' : 'rabbit://openstack:secret@127.0.0.1:5672/';
      writer.put(`\`${api}\`.cell_mappings`, id, () => ({
        id,
        uuid,
        name,
        transport_url,
        database_connection: connection,
        disabled: false,
      }));
    },
    host(host: Host) {
      writer.put(inCell(host.cell, 'compute_nodes'), host.number, () => rows.nodeRow(host));
      writer.put(`\`${api}\`.host_mappings`, host.name, () => ({
        id: host.number,
        cell_id: host.cell.id,
        host: host.name,
      }));
    },
    removeHost(host: Host) {
      const gone = 'SET deleted = id, deleted_at = UTC_TIMESTAMP() WHERE uuid = ?';
      writer.run(`UPDATE ${inCell(host.cell, 'services')} ${gone}`, [host.service.uuid]);
      writer.run(`UPDATE ${inCell(host.cell, 'compute_nodes')} ${gone}`, [host.uuid]);
      writer.run(`DELETE FROM \`${api}\`.host_mappings WHERE host = ?`, [host.name]);
    },
    service(service: Service, cell: Cell, seen: Date) {
      writer.put(inCell(cell, 'services'), service.id, () => rows.serviceRow(service, seen));
    },
    server(server: Server) {
      if (!isUnplaced(server)) {
        writer.put(inCell(server.cell, 'instances'), server.id, () => rows.serverRow(server));
      }
      writer.put(`\`${api}\`.instance_mappings`, server.id, () => rows.mappingRow(server));
      writer.put(`\`${api}\`.request_specs`, server.id, () => rows.requestSpecRow(server));
    },
    fault(server: Server, fault: Fault) {
      writer.put(inCell(server.cell, 'instance_faults'), `${server.id} ${fault.created.getTime()}`, () =>
        rows.faultRow(server, fault),
      );
    },
    action(server: Server, action: InstanceAction) {
      if (isUnplaced(server)) return;
      writer.put(inCell(server.cell, 'instance_actions'), action.number, () => rows.actionRow(server, action));
      for (const [index, event] of action.events.entries()) {
        // no action has as many as twenty events, so these ids never meet
        const id = action.number * 20 + index;
        writer.put(inCell(server.cell, 'instance_actions_events'), id, () => rows.eventRow(action, event, id));
      }
    },
    migration(migration: Migration) {
      writer.put(inCell(migration.server.cell, 'migrations'), migration.id, () => rows.migrationRow(migration));
    },
  };
}

/** Being scheduled: nova has no row of it in any cell yet. */
function isUnplaced({ host, vmState }: Server): boolean {
  return host === null && vmState === 'building';
}

function keystoneWriters(writer: Writer, { keystone }: Databases, now: () => Date) {
  const table = (name: string) => `\`${keystone}\`.\`${name}\``;
  // Domains are rows of the same table, and they have a root that no API shows.
  const root = '<<keystone.domain.root>>';
  for (const { id, name, domain } of [
    { id: root, name: root, domain: root },
    { ...DOMAIN, domain: root },
  ])
    writer.put(table('project'), id, () => rows.projectRow({ id, name, domain_id: domain, is_domain: true }));
  return {
    project({ id, name }: Project) {
      writer.put(table('project'), id, () => rows.projectRow({ id, name, domain_id: DOMAIN.id, is_domain: false }));
    },
    user(user: User) {
      const domain_id = DOMAIN.id;
      writer.put(table('user'), user.id, () => ({
        id: user.id,
        enabled: user.enabled,
        created_at: user.created,
        domain_id,
      }));
      writer.put(table('local_user'), user.id, () => ({ user_id: user.id, domain_id, name: user.name }));
    },
    token(token: Token) {
      writer.put(table('token'), token.id, () => rows.tokenRow(token));
    },
    revocation(token: Token) {
      writer.put(table('revocation_event'), token.audit, () => rows.revocationRow(token, now()));
      writer.run(`UPDATE ${table('token')} SET valid = 0 WHERE id = ?`, [token.id]);
    },
    trust(trust: Trust) {
      writer.put(table('trust'), trust.id, () => rows.trustRow(trust));
    },
    removeTrust(id: string, at: Date) {
      writer.run(`UPDATE ${table('trust')} SET deleted_at = ? WHERE id = ?`, [at, id]);
    },
    appCredential(credential: AppCredential) {
      writer.put(table('application_credential'), credential.id, () => rows.appCredentialRow(credential));
    },
    removeAppCredential(id: string) {
      writer.run(`DELETE FROM ${table('application_credential')} WHERE id = ?`, [id]);
    },
  };
}

function readers(pool: Pool, writer: Writer, { keystone }: Databases) {
  async function ids(statement: string): Promise<Set<string>> {
    const [found] = await pool.query<RowDataPacket[]>(statement);
    return new Set(found.map((row) => String(row['id'])));
  }
  return {
    async disableTerminate(server: Server): Promise<boolean> {
      await writer.settled();
      const [found] = await pool.query<RowDataPacket[]>(
        `SELECT disable_terminate FROM \`${server.cell.database}\`.instances WHERE uuid = ? AND deleted = 0`,
        [server.id],
      );
      return Number(found[0]?.['disable_terminate'] ?? 0) === 1;
    },
    async hasToken(id: string): Promise<boolean> {
      await writer.settled();
      const [found] = await pool.query<RowDataPacket[]>(`SELECT valid FROM \`${keystone}\`.token WHERE id = ?`, [id]);
      return Number(found[0]?.['valid'] ?? 0) === 1;
    },
    async forgetDeleted(identity: Identity): Promise<void> {
      if (identity.trusts.length + identity.appCredentials.length === 0) return;
      await writer.settled();
      const trusts = await ids(`SELECT id FROM \`${keystone}\`.trust WHERE deleted_at IS NULL`);
      const credentials = await ids(`SELECT id FROM \`${keystone}\`.application_credential`);
      identity.trusts = identity.trusts.filter(({ id }) => trusts.has(id));
      identity.appCredentials = identity.appCredentials.filter(({ id }) => credentials.has(id));
    },
  };
}
