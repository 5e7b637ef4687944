import { z } from 'zod';
import type { Backup, BackupReader, BackupWriter } from '../command/backup/ledger.ts';
import type { Database, Rows, Work } from '../mysql/database.ts';
import type { Tables } from '../mysql/tables.ts';
import { DumpFacts } from '../openstack/dump-facts.ts';
import { audit } from '../policy/audit.ts';
import type { Job } from './job.ts';
import { dbNow, fence, type Owner } from './store.ts';

const State = z.enum(['unproven', 'proven', 'failed']);

export function backupReader(rows: Rows, cloud: string): BackupReader {
  const present = () =>
    rows.selectFrom('backup').selectAll().where('cloud', '=', cloud).where('removed_at', 'is', null);
  return {
    async list(server) {
      const asked = server === undefined ? present() : present().where('server', '=', server);
      return (await asked.orderBy('dumped_at', 'desc').orderBy('name').execute()).map(backupOf);
    },
    async find(name) {
      const row = await present().where('name', '=', name).executeTakeFirst();
      return row === undefined ? null : backupOf(row);
    },
  };
}

export function backupWriter(database: Database, owner: Owner, job: Job): BackupWriter {
  async function write(
    kind: string,
    detail: Record<string, string>,
    change: (rows: Work) => Promise<unknown>,
  ): Promise<void> {
    await database.transaction(async (rows) => {
      await fence(rows, owner);
      await change(rows);
      await audit(rows, { kind, job: job.id, human: job.human, detail });
    });
  }
  return {
    ...backupReader(database.rows, job.cloud),
    written({ path, facts, state, why }) {
      const { name, server, host, sha256 } = facts;
      const fresh = { path, state, why, facts: JSON.stringify(facts), host, job: job.id, removed_at: null };
      return write('dumped', { name, state, sha256 }, (rows) =>
        rows
          .insertInto('backup')
          .values({
            name,
            cloud: job.cloud,
            server,
            dumped_at: new Date(facts.began),
            proven_at: null,
            restore_seconds: null,
            ...fresh,
          })
          .onDuplicateKeyUpdate(fresh)
          .execute(),
      );
    },
    tried(name, verdict) {
      const found =
        verdict.state === 'proven'
          ? { proven_at: dbNow, restore_seconds: verdict.restoreSeconds, why: '' }
          : { why: verdict.why };
      return write('backup tried', { name, state: verdict.state }, (rows) =>
        rows
          .updateTable('backup')
          .set({ state: verdict.state, ...found })
          .where('name', '=', name)
          .where('cloud', '=', job.cloud)
          .execute(),
      );
    },
    removed(name) {
      return write('backup removed', { name }, (rows) =>
        rows
          .updateTable('backup')
          .set({ removed_at: dbNow })
          .where('name', '=', name)
          .where('cloud', '=', job.cloud)
          .execute(),
      );
    },
  };
}

function backupOf(row: Tables['backup']): Backup {
  return {
    name: row.name,
    server: row.server,
    host: row.host,
    path: row.path,
    state: State.parse(row.state),
    why: row.why,
    facts: DumpFacts.parse(JSON.parse(row.facts)),
    dumpedAt: row.dumped_at,
    provenAt: row.proven_at,
    restoreSeconds: row.restore_seconds,
  };
}
