import { createConnection, type RowDataPacket } from 'mysql2/promise';

/** The password of every DSN of the run: the account that stories reach MariaDB with. */
export const dsnPassword = 'planted-dsn-password-4c1f';
const userData = 'planted-user-data-9b2e';
const keyData = 'planted-key-data-77d0';
const secretHash = '$2b$12$planted.secret.hash.3f5a';

const planted: readonly (readonly [what: string, secret: string])[] = [
  ['the password of a DSN', dsnPassword],
  ['user data of a server', userData],
  ['key data of a server', keyData],
  ['the hash of a secret', secretHash],
];
/** What nobody planted and is secret by its form. */
const forms: readonly (readonly [what: string, form: RegExp])[] = [
  ['a Fernet token', /gAAAAA[\w-]{20}/],
  ['a password hash', /\$(?:2[aby]|scrypt|pbkdf2[\w-]*)\$\d/],
];
/** Databases of keystone whose rows of tokens are bearer secrets, with those that were there at the beginning: a story may purge them. */
const keystones = new Map<string, readonly string[]>();
const readTokens = 2000;

/** Every server of the simulated cells has user data and a key, keystone an application credential, each recognizable. */
export async function plantSecrets(dsns: { cells: Readonly<Record<string, string>>; keystone: string }): Promise<void> {
  for (const dsn of Object.values(dsns.cells))
    await at(dsn, (query) =>
      query(
        `CREATE TRIGGER planted BEFORE INSERT ON instances FOR EACH ROW SET NEW.user_data = '${userData}', NEW.key_data = '${keyData}'`,
      ),
    );
  await at(dsns.keystone, (query) =>
    query(
      `INSERT INTO application_credential (id, name, secret_hash, user_id) VALUES ('planted', 'planted', '${secretHash}', 'planted')`,
    ),
  );
  keystones.set(dsns.keystone, await tokenIds(dsns.keystone));
}

/** Says what of all that is secret stands in a text; null where nothing does. */
export type Finder = (text: string) => string | null;

export async function secretFinder(): Promise<Finder> {
  const tokens = new Set(
    (await Promise.all([...keystones].map(async ([dsn, first]) => [...first, ...(await tokenIds(dsn))]))).flat(),
  );
  return (text) => {
    const found =
      planted.find(([, secret]) => text.includes(secret)) ??
      forms.find(([, form]) => form.test(text)) ??
      (idsIn(text).some((id) => tokens.has(id)) ? ['the id of a token'] : undefined);
    return found?.[0] ?? null;
  };
}

function idsIn(text: string): string[] {
  return text.match(/(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])/g) ?? [];
}

/** One text per row of every table. */
export async function* everyRow(url: string): AsyncGenerator<readonly [table: string, row: string]> {
  const connection = await createConnection(url);
  try {
    const [tables] = await connection.query<RowDataPacket[]>('SHOW TABLES');
    for (const table of tables.map((row) => String(Object.values(row)[0]))) {
      const [rows] = await connection.query<RowDataPacket[]>(`SELECT * FROM \`${table}\``);
      for (const row of rows) yield [table, Object.values(row).map(textOf).join('\n')];
    }
  } finally {
    await connection.end();
  }
}

function textOf(value: unknown): string {
  return Buffer.isBuffer(value) ? value.toString('latin1') : String(value);
}

async function tokenIds(dsn: string): Promise<string[]> {
  try {
    return await at(dsn, async (query) =>
      (await query(`SELECT id FROM token WHERE LENGTH(id) = 32 LIMIT ${readTokens}`)).map((row) => String(row['id'])),
    );
  } catch {
    // The cloud of an earlier test is gone.
    keystones.delete(dsn);
    return [];
  }
}

async function at<T>(dsn: string, work: (query: (sql: string) => Promise<RowDataPacket[]>) => Promise<T>): Promise<T> {
  const connection = await createConnection(dsn);
  try {
    return await work(async (sql) => (await connection.query<RowDataPacket[]>(sql))[0]);
  } finally {
    await connection.end();
  }
}
