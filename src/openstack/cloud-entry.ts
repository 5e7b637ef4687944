import { z } from 'zod';

/** A value that YAML may have read as a number: `project_id: 1234`. */
const Word = z.union([z.string(), z.number()], 'is a word').transform(String);
const Truth = z.union([z.boolean(), z.stringbool()], 'is true or false');

/** `90` seconds, `45s`, `30m`, `6h`. */
const Duration = z
  .union(
    [z.number().positive(), z.string().regex(/^\d+(?:ms|s|m|h)$/)],
    'is a number of seconds or a duration such as 45s, 30m, 6h',
  )
  .transform((said) =>
    typeof said === 'number' ? said * 1000 : Number.parseInt(said, 10) * (units[said.replace(/\d+/, '')] ?? 1000),
  );
const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Never quoted in a message: a DSN holds a password. */
const Dsn = z.string().regex(/^(?:mysql|mariadb)(?:\+\w+)?:\/\//, 'is a DSN such as mysql://user:password@host/nova');

export const Auth = z.object({
  auth_url: z.url('is the address of Keystone, such as https://keystone.example.net:5000/v3'),
  username: Word.optional(),
  user_id: Word.optional(),
  password: Word.optional(),
  project_name: Word.optional(),
  project_id: Word.optional(),
  user_domain_name: Word.optional(),
  user_domain_id: Word.optional(),
  project_domain_name: Word.optional(),
  project_domain_id: Word.optional(),
  domain_name: Word.optional(),
  domain_id: Word.optional(),
  system_scope: Word.optional(),
  trust_id: Word.optional(),
  application_credential_id: Word.optional(),
  application_credential_name: Word.optional(),
  application_credential_secret: Word.optional(),
});
export type Auth = z.output<typeof Auth>;

/** Where archives go, and the X25519 keys (PEM) they are sealed to and opened with. */
const Archive = z.strictObject({
  folder: z.string().startsWith('/', 'is the absolute path of a folder'),
  public_key: z.string().min(1, 'is the path of a public key, or none').optional(),
  private_key: z.string().optional(),
});

const folder = z.string().startsWith('/', 'is the absolute path of a folder');
const DatabaseName = z.string().regex(/^[A-Za-z0-9_$][\w$-]{0,63}$/, 'is the name of a database');

const Key = z.union([z.string().min(1), z.number()], 'is needed, in secure.yaml best').transform(String);

const Bucket = z.strictObject({
  // It is told in chat: no name or password goes before a host.
  endpoint: z
    .string()
    .regex(
      /^https?:\/\/[^\s/@?#]+(?:\/[^\s@?#]*)?$/,
      'is the address of an S3 endpoint, such as https://s3.example.net:8080',
    ),
  name: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'is the name of a bucket'),
  prefix: z
    .string()
    .regex(/^[\w.-]+(?:\/[\w.-]+)*\/?$/, 'is what names in the bucket begin with, such as prod-eu')
    .transform((said) => (said.endsWith('/') ? said : `${said}/`))
    .default(''),
  region: Word.default('us-east-1'),
  access_key: Key,
  secret_key: Key,
  path_style: Truth.default(true),
  cacert: z.string().startsWith('/', 'is the absolute path of a PEM file').optional(),
});

export type BucketEntry = z.output<typeof Bucket>;

/** Servers and their databases, each dumped in one snapshot. */
const Backup = z
  .strictObject({
    folder: folder.optional(),
    bucket: Bucket.optional(),
    public_key: z.string().min(1, 'is the path of a public key, or none').optional(),
    private_key: z.string().optional(),
    servers: z.record(
      z.string().regex(/^[a-z][a-z0-9_-]{0,30}$/, 'is a name in lower case'),
      z.strictObject({
        dsn: Dsn,
        databases: z.array(DatabaseName).min(1, 'names the databases to dump'),
        empty: z.array(DatabaseName).default([]),
      }),
    ),
    scratch: folder.optional(),
    copies: z
      .union(
        [folder, Bucket],
        'is the absolute path of a folder, or a bucket with endpoint, name, access_key and secret_key',
      )
      .optional(),
    keep: z.number().int().min(1).max(1000).default(14),
    fernet_keys: z.string().startsWith('/', 'is the path of a file with the id of their backup').optional(),
    credential_keys: z.string().startsWith('/', 'is the path of a file with the id of their backup').optional(),
  })
  .refine(
    ({ folder, bucket }) => (folder === undefined) !== (bucket === undefined),
    'needs folder or bucket, and not both',
  )
  .refine(({ bucket, scratch }) => bucket === undefined || scratch !== undefined, {
    path: ['scratch'],
    error: 'is needed beside bucket: the folder where dumps are proven',
  });

const HookEntry = z.strictObject({
  argv: z.array(z.string()).min(1, 'is the program and its arguments, as a list'),
  timeout: Duration.default(30_000),
  at: z.array(z.enum(['start', 'empty', 'work', 'off'])).min(1),
  always: Truth.default(false),
  required: Truth.default(false),
});

const Cells = z.record(z.uuid('is the uuid of a cell, as `nova-manage cell_v2 list_cells` shows it'), Dsn);

/** Accounts that may run runbooks and nothing else. */
const RunbookAccounts = z.strictObject({
  nova_api: Dsn.optional(),
  cells: Cells.optional(),
  keystone: Dsn.optional(),
});

/** vigie's own keys: a mistyped one must not be passed over in silence. */
const Vigie = z.strictObject({
  nova_api: Dsn.optional(),
  cells: Cells.optional(),
  keystone: Dsn.optional(),
  keystone_writer: Dsn.optional(),
  keystone_replicas: z.array(Dsn).optional(),
  scratch: Dsn.optional(),
  runbooks: RunbookAccounts.optional(),
  archive: Archive.optional(),
  backup: Backup.optional(),
  lanes: z.number().int().min(1).max(32).optional(),
  server_deadline: Duration.optional(),
  total_deadline: Duration.optional(),
  poll_interval: Duration.optional(),
  watch_interval: Duration.optional(),
  lists: z.string().startsWith('/', 'is the absolute path of a folder').optional(),
  host_maintenance: Truth.optional(),
  shared_storage: Truth.optional(),
  hooks: z.record(z.string().regex(/^[a-z][a-z0-9-]*$/, 'is a name in lower case'), HookEntry).optional(),
});

/** One cloud's entry, its keys with underscores. Keys of other programs pass unseen. */
export const Entry = z.looseObject({
  auth_type: z.string().default('password'),
  auth: Auth,
  region_name: Word.optional(),
  interface: z.union([z.string().transform((one) => [one]), z.array(z.string()).min(1)]).default(['public']),
  verify: Truth.optional(),
  insecure: Truth.optional(),
  cacert: z.string().optional(),
  cert: z.string().optional(),
  key: z.string().optional(),
  api_timeout: z.coerce.number().positive().optional(),
  vigie: Vigie.default({}),
});
export type Entry = z.output<typeof Entry>;

/** What an entry is made of before it is read: keys and values, nothing known of them. */
export type Raw = Readonly<Record<string, unknown>>;

export function isRaw(value: unknown): value is Raw {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Later layers win; sections are merged key by key. */
export function layer(...layers: readonly Raw[]): Raw {
  const merged: Record<string, unknown> = {};
  for (const [key, value] of layers.flatMap((one) => Object.entries(one))) {
    const under = merged[key];
    merged[key] = isRaw(under) && isRaw(value) ? layer(under, value) : value;
  }
  return merged;
}

/** Hyphens and underscores in keys are equal, except in the uuids of cells and the names of servers. */
export function underscored(raw: Raw): Raw {
  return Object.fromEntries(
    Object.entries(raw).map(([key, value]) => {
      const name = key.replaceAll('-', '_');
      return [name, isRaw(value) && name !== 'cells' && name !== 'servers' ? underscored(value) : value];
    }),
  );
}

const intoAuth = [
  'domain_id',
  'domain_name',
  'user_domain_id',
  'user_domain_name',
  'project_domain_id',
  'project_domain_name',
  'project_id',
  'project_name',
] as const;

/** What older files say beside `auth` or call a tenant, and a domain that is said once for user and project. */
export function completeAuth(raw: Raw): Raw {
  const auth: Record<string, unknown> = isRaw(raw['auth']) ? { ...raw['auth'] } : {};
  for (const key of intoAuth) {
    const old = key.replace(/^project_(?=id$|name$)/, 'tenant_');
    auth[key] ??= auth[old] ?? raw[key] ?? raw[old];
  }
  if (auth['project_id'] !== undefined || auth['project_name'] !== undefined) {
    for (const what of ['id', 'name']) {
      auth[`user_domain_${what}`] ??= auth[`domain_${what}`];
      auth[`project_domain_${what}`] ??= auth[`domain_${what}`];
      delete auth[`domain_${what}`];
    }
  }
  const known = Object.fromEntries(Object.entries(auth).filter(([, value]) => value !== undefined && value !== null));
  return { ...raw, auth: known, interface: raw['interface'] ?? raw['endpoint_type'] };
}
