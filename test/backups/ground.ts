import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import type { BackupSettings } from '../../src/openstack/config.ts';
import type { Ground } from '../clouds/ground.ts';

/** As docs/backups.md tells them: on each database, and once; enough for a dump, and for nothing else. */
export const dumpGrants = 'SELECT, SHOW VIEW, TRIGGER, EVENT';
const routineGrant = 'SELECT ON mysql.proc';

/** A folder with a pair of keys, and an account that may dump: all that a cloud's backups need. */
export interface BackupGround {
  readonly folder: string;
  /** Needs quoting wherever somebody forgets it. */
  readonly password: string;
  settings(server: Ground['databaseServer'], changes?: Partial<BackupSettings>): BackupSettings;
  /** The account, with the documented grants on these databases. */
  admit(server: Ground['databaseServer'], grants?: string): Promise<void>;
  /** It sees no procedure any more. */
  blind(): Promise<void>;
  drop(): Promise<void>;
}

export function backupGround(): BackupGround {
  const folder = mkdtempSync(join(tmpdir(), 'vigie-backup-'));
  const user = `dump_${randomBytes(4).toString('hex')}`;
  const password = `it's "a" #p\\${randomBytes(6).toString('hex')}`;
  writeKeys(folder);
  let root: string | null = null;
  return {
    folder,
    password,
    settings({ root: url, databases }, changes = {}) {
      const socket = new URL(url).searchParams.get('socketPath') ?? '';
      const dsn = `mysql://${user}:${encodeURIComponent(password)}@localhost/information_schema?unix_socket=${encodeURIComponent(socket)}`;
      return {
        target: join(folder, 'dumps'),
        publicKey: join(folder, 'backup.pub.pem'),
        privateKey: join(folder, 'backup.pem'),
        servers: { main: { dsn, databases, empty: [] } },
        scratch: join(folder, 'scratch'),
        copies: null,
        keep: 14,
        keyIds: { fernet: null, credential: null },
        ...changes,
      };
    },
    async admit(server, grants = dumpGrants) {
      root = server.root;
      const connection = await createConnection(server.root);
      await connection.query(`CREATE OR REPLACE USER ?@localhost IDENTIFIED BY ?`, [user, password]);
      for (const database of server.databases)
        await connection.query(`GRANT ${grants} ON ??.* TO ?@localhost`, [database.replaceAll('_', '\\_'), user]);
      await connection.query(`GRANT ${routineGrant} TO ?@localhost`, [user]);
      await connection.end();
    },
    async blind() {
      const connection = await createConnection(root ?? '');
      await connection.query(`REVOKE ${routineGrant} FROM ?@localhost`, [user]);
      await connection.end();
    },
    async drop() {
      rmSync(folder, { recursive: true, force: true });
      if (root === null) return;
      const connection = await createConnection(root);
      await connection.query('DROP USER IF EXISTS ?@localhost', [user]);
      await connection.end();
    },
  };
}

function writeKeys(folder: string): void {
  const pair = generateKeyPairSync('x25519');
  writeFileSync(join(folder, 'backup.pem'), pair.privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 });
  writeFileSync(join(folder, 'backup.pub.pem'), pair.publicKey.export({ format: 'pem', type: 'spki' }));
}
