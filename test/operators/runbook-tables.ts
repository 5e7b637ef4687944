import type { Connection } from 'mysql2/promise';
import { API_REVISION, API_TABLES } from '../../src/simulator/tables/api-schema.ts';
import { CELL_REVISION, CELL_TABLES } from '../../src/simulator/tables/cell-schema.ts';

const engine = 'ENGINE=InnoDB DEFAULT CHARSET=utf8mb3';

/** As 161 (Grizzly) left them, by the models of 2013.1: `deleted` is a number, and there are no foreign keys to trip over. */
const grizzly: Readonly<Record<string, string>> = {
  instances: `created_at datetime, updated_at datetime, deleted_at datetime, id int NOT NULL AUTO_INCREMENT, uuid varchar(36),
    display_name varchar(255), host varchar(255), project_id varchar(255), vm_state varchar(255), task_state varchar(255),
    power_state int, key_data mediumtext, user_data mediumtext, disable_terminate tinyint(1), deleted int, PRIMARY KEY (id),
    UNIQUE KEY uuid (uuid)`,
  quota_usages: `id int NOT NULL AUTO_INCREMENT, created_at datetime, updated_at datetime, deleted_at datetime,
    project_id varchar(255), resource varchar(255), in_use int NOT NULL, reserved int NOT NULL, until_refresh int,
    deleted int, PRIMARY KEY (id), KEY ix_quota_usages_project_id (project_id)`,
  reservations: `id int NOT NULL AUTO_INCREMENT, created_at datetime, updated_at datetime, deleted_at datetime,
    uuid varchar(36) NOT NULL, usage_id int NOT NULL, project_id varchar(255), resource varchar(255), delta int NOT NULL,
    expire datetime, deleted int, PRIMARY KEY (id), KEY ix_reservations_project_id (project_id), KEY usage_id (usage_id),
    CONSTRAINT reservations_ibfk_1 FOREIGN KEY (usage_id) REFERENCES quota_usages (id)`,
  fixed_ips: `created_at datetime, updated_at datetime, deleted_at datetime, id int NOT NULL AUTO_INCREMENT,
    address varchar(39), network_id int, allocated tinyint(1), leased tinyint(1), reserved tinyint(1),
    virtual_interface_id int, host varchar(255), instance_uuid varchar(36), deleted int, PRIMARY KEY (id)`,
  floating_ips: `created_at datetime, updated_at datetime, deleted_at datetime, id int NOT NULL AUTO_INCREMENT,
    address varchar(39), fixed_ip_id int, project_id varchar(255), host varchar(255), auto_assigned tinyint(1),
    pool varchar(255), interface varchar(255), deleted int, PRIMARY KEY (id)`,
};

const younger =
  /^\s*(?:hidden tinyint\(1\)|uuid varchar\(36\)|cross_cell_move tinyint\(1\)|user_id varchar\(255\)|project_id varchar\(255\)|UNIQUE KEY (?:migrations_uuid|services_uuid_idx) \(uuid\))$/;

/** As 302 (Liberty) had them, as far as runbooks look: without what later migrations added. */
function liberty(table: string): string {
  const parts = (CELL_TABLES[table] ?? '').split(/,(?![^(]*\))/);
  const old = table === 'migrations' || table === 'services' ? parts.filter((part) => !younger.test(part)) : parts;
  return old.join(',').replace(/\n/g, ' ');
}

const looked = ['instances', 'migrations', 'services', 'instance_actions', 'instance_actions_events'];

const schemas = {
  zedCell: { tables: pick(CELL_TABLES, [...looked, 'alembic_version']), revision: CELL_REVISION },
  zedApi: { tables: pick(API_TABLES, Object.keys(API_TABLES)), revision: API_REVISION },
  liberty: { tables: Object.fromEntries(looked.map((table) => [table, liberty(table)])), revision: 302 },
  grizzly: { tables: grizzly, revision: 161 },
} satisfies Record<string, { tables: Readonly<Record<string, string>>; revision: string | number }>;

export type Schema = keyof typeof schemas;

/** The tables of one release in an empty database, with what tells the release. */
export async function makeSchema(root: Connection, database: string, schema: Schema): Promise<void> {
  const { tables, revision } = schemas[schema];
  for (const [table, definition] of Object.entries(tables))
    await root.query(`CREATE TABLE ${database}.${table} (${definition}) ${engine}`);
  if (typeof revision === 'string')
    return void (await root.query(`INSERT INTO ${database}.alembic_version VALUES (?)`, [revision]));
  await root.query(
    `CREATE TABLE ${database}.migrate_version (repository_id varchar(250), repository_path text, version int)`,
  );
  await root.query(`INSERT INTO ${database}.migrate_version VALUES ('nova', '/nova', ?)`, [revision]);
}

function pick(tables: Readonly<Record<string, string>>, names: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(names.map((name) => [name, tables[name] ?? '']));
}
