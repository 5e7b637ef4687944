import { z } from 'zod';

const Word = z.string().regex(/^[a-z][a-z0-9_]*$/, 'is a word in lower case');
const Sentence = z
  .string()
  .trim()
  .min(1)
  .max(300)
  .regex(/^[^\p{Cc}]*$/u, 'is one line');

const Parameter = z
  .strictObject({
    type: z.enum(['server', 'uuid', 'host', 'project', 'address', 'number', 'word', 'moment', 'text']).optional(),
    choices: z
      .array(z.string().regex(/^[\w-]{1,64}$/, 'is a word'))
      .min(1)
      .optional(),
    help: Sentence,
    optional: z.boolean().default(false),
  })
  .refine(
    ({ type, choices }) => (type === undefined) !== (choices === undefined),
    'has a type or choices, one of them',
  );
export type Parameter = z.output<typeof Parameter>;

const Instead = z.strictObject({
  /** The call is offered, and the runbook refused, only for these values. */
  when: z.record(Word, z.array(z.string()).min(1)).optional(),
  call: Sentence,
  why: Sentence,
});

const Releases = z
  .strictObject({
    words: Sentence,
    /** First and last of sqlalchemy-migrate's numbers. */
    migrate_version: z.tuple([z.number().int(), z.number().int()]).optional(),
    alembic_version: z.array(z.string().regex(/^[0-9a-f]{12}$/, 'is a revision of twelve hex digits')).optional(),
  })
  .refine(
    ({ migrate_version: numbers, alembic_version: revisions }) => numbers !== undefined || revisions !== undefined,
    'names migrate_version, alembic_version or both',
  );

export const Head = z.strictObject({
  /** As its file is called. */
  name: z.string(),
  summary: Sentence,
  database: z.enum(['cell', 'nova_api', 'keystone']),
  releases: Releases,
  risk: z.enum(['disruptive', 'destructive']),
  /** Identifies a row: the table's primary key, or a unique column. */
  key: Word.default('id'),
  rows: z
    .strictObject({ expect: z.number().int().min(1).optional(), max: z.number().int().min(1).max(500) })
    .refine(({ expect = 1, max }) => expect <= max, 'expects more than its max'),
  parameters: z.record(Word, Parameter).default({}),
  /** Columns whose content is a secret, beside those that always are. */
  hide: z.array(z.string()).default([]),
  instead: z.array(Instead).default([]),
  notes: z.array(Sentence).default([]),
});
export type Head = z.output<typeof Head>;

/** Whatever a runbook says: nobody needs to see these to decide. */
const secrets: ReadonlySet<string> = new Set([
  ...[
    'user_data',
    'key_data',
    'password',
    'password_hash',
    'secret',
    'secret_hash',
    'encrypted_blob',
    'key_hash',
    'extra',
  ],
  ...[
    'transport_url',
    'database_connection',
    'connection_info',
    'network_info',
    'spec',
    'instance',
    'metadata',
    'admin_pass',
  ],
  ...[
    'block_device_mappings',
    'access_key',
    'secret_key',
    'token',
    'token_hash',
    'private_key',
    'access_secret',
    'request_secret',
    'auth',
    'blob',
    'traceback',
  ],
]);

/** Columns that are a secret in one table only: of Keystone's tokens the very key. */
const secretOf: Readonly<Record<string, string>> = {
  token: 'id',
  sensitive_config: 'value',
  instance_system_metadata: 'value',
};

/** MySQL does not care how a column is spelled, so neither does this. */
export function isSecret(table: string, column: string): boolean {
  const [of, name] = [table.toLowerCase().replace(/^shadow_/, ''), column.toLowerCase()];
  return secrets.has(name) || secretOf[of] === name;
}
