import { createConnection } from 'mysql2/promise';
import { z } from 'zod';
import type { Dsns } from '../../src/openstack/config.ts';
import type { Entry } from './ground.ts';

const Rows = z.array(
  z.object({
    id: z.number(),
    at: z.date(),
    migration: z.number(),
    type: z.string(),
    server: z.string(),
    status: z.string(),
    source: z.string(),
    dest: z.string().nullable(),
    user_id: z.string().nullable(),
  }),
);
const Last = z.tuple([z.object({ last: z.number() })]);
const Users = z.array(z.object({ id: z.string(), name: z.string() }));

/** What the lab's database notes of Nova's migrations, from now on. */
export async function openJournal({ cells, keystone }: Dsns): Promise<() => Promise<Entry[]>> {
  const cell = Object.values(cells)[0] ?? '';
  const users = Users.parse(await rows(keystone ?? '', 'SELECT user_id AS id, name FROM local_user'));
  const names = new Map(users.map(({ id, name }) => [id, name]));
  const [{ last }] = Last.parse(await rows(cell, 'SELECT COALESCE(MAX(id), 0) AS last FROM migration_journal'));
  return async () => {
    const noted = Rows.parse(await rows(cell, `SELECT * FROM migration_journal WHERE id > ${last} ORDER BY id`));
    return noted.map(({ id: _, user_id: user, ...entry }) => ({ ...entry, by: names.get(user ?? '') ?? 'nobody' }));
  };
}

async function rows(dsn: string, query: string): Promise<unknown> {
  const connection = await createConnection({ uri: dsn, timezone: 'Z' });
  try {
    return (await connection.query(query))[0];
  } finally {
    await connection.end();
  }
}
