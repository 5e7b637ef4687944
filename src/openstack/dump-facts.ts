import { z } from 'zod';

/** One database in a dump: what the dump's own stream held, not what the server said. */
const DumpedDatabase = z.object({
  name: z.string(),
  /** The schema's revision by alembic or its forerunner; empty where the database keeps none. */
  revision: z.array(z.string()),
  rawBytes: z.number().int(),
  /** Rows by table. */
  tables: z.record(z.string(), z.number().int()),
});
export type DumpedDatabase = z.output<typeof DumpedDatabase>;

/** What stands beside a dump as `FILE.json`, and in vigie's own row of it. Holds no user's data. */
export const DumpFacts = z.object({
  format: z.literal('vigie backup 1'),
  cloud: z.string(),
  /** As clouds.yaml names it. */
  server: z.string(),
  name: z.string(),
  host: z.string(),
  job: z.string(),
  human: z.string(),
  source: z.object({ flavour: z.enum(['mariadb', 'mysql']), version: z.string() }),
  tool: z.string(),
  began: z.string(),
  ended: z.string(),
  seconds: z.number(),
  databases: z.array(DumpedDatabase),
  /** Where the binary log stood at the snapshot, as the dump says it. */
  position: z.string().nullable(),
  gtid: z.string().nullable(),
  /** `uuid:seqno` of the Galera cluster just before the dump. */
  galera: z.string().nullable(),
  rawBytes: z.number().int(),
  bytes: z.number().int(),
  frames: z.number().int(),
  sha256: z.string(),
  /** Of the public key it is sealed to; null where it is in clear. */
  keyId: z.string().nullable(),
  /** Ids of the backups of keystone's key repositories; without the keys nothing that they sealed can be opened. */
  keys: z.object({ fernet: z.string().nullable(), credential: z.string().nullable() }),
});
export type DumpFacts = z.output<typeof DumpFacts>;
