import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { UserError } from '../../src/chat/user-error.ts';
import { readClouds } from '../../src/openstack/clouds.ts';
import type { CloudConfig } from '../../src/openstack/config.ts';

let home = '';
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'vigie-clouds-'));
  mkdirSync(join(home, '.config', 'openstack'), { recursive: true });
  mkdirSync(join(home, 'here'));
});
afterEach(() => rmSync(home, { recursive: true }));

const entry = `
    auth:
      auth_url: https://keystone.example.net:5000/v3
      username: vigie
      project_name: admin
      domain_name: Default`;

test('an entry becomes a configuration, with the defaults of openstacksdk and ours', () => {
  write('here/clouds.yaml', `clouds:\n  prod:${entry}\n      password: hunter2\n`);

  const prod = one('prod');

  expect(prod.login).toEqual({
    kind: 'password',
    user: { name: 'vigie', domain: { name: 'Default' } },
    password: 'hunter2',
    scope: { project: { name: 'admin', domain: { name: 'Default' } } },
  });
  expect(prod).toMatchObject({
    interfaces: ['public'],
    region: null,
    tls: { verify: true, ca: null },
    timeoutMs: null,
  });
  expect(prod.settings).toEqual({
    lanes: 8,
    sharedStorage: false,
    hooks: [],
    serverDeadline: 1_800_000,
    totalDeadline: 21_600_000,
    hostMaintenance: false,
    pollInterval: 2000,
    watchInterval: 300_000,
  });
});

test('the first clouds.yaml wins, and secure.yaml is merged over it whatever its folder', () => {
  write('here/clouds.yml', `clouds:\n  prod:${entry}\n`);
  write('.config/openstack/clouds.yaml', 'clouds:\n  other: {}\n');
  write(
    '.config/openstack/secure.yaml',
    'clouds:\n  prod:\n    auth:\n      password: hunter2\n      username: robot\n',
  );

  expect([...read().keys()]).toEqual(['prod']);
  expect(one('prod').login).toMatchObject({ password: 'hunter2', user: { name: 'robot' } });
});

test('hyphens are underscores, regions bring values, a profile lies below, verify beats cacert', () => {
  write(
    'here/clouds-public.yaml',
    'public-clouds:\n  house:\n    interface: internal\n    auth:\n      auth-url: https://k.example.net\n',
  );
  write(
    'here/clouds.yaml',
    `clouds:
  prod:
    profile: house
    auth: { user-id: u1, password: p, project-id: 42 }
    regions: [{ name: east, values: { compute-endpoint-override: 'https://east.example.net/v2.1' } }, west]
    verify: false
    cacert: /nowhere/ca.pem
    vigie: { nova-api: 'mysql://n:s@db/nova_api', cells: { 6f1c2d3e-0000-4000-8000-000000000001: 'mysql+pymysql://n:s@db/nova' }, server-deadline: 45m, lanes: 4 }
`,
  );

  const prod = one('prod');

  expect(prod).toMatchObject({
    authUrl: 'https://k.example.net',
    region: 'east',
    interfaces: ['internal'],
    tls: { verify: false, ca: null },
  });
  expect(prod.endpointOverrides).toEqual({ compute: 'https://east.example.net/v2.1' });
  expect(prod.login).toMatchObject({ user: { id: 'u1' }, scope: { project: { id: '42' } } });
  expect(prod.settings).toMatchObject({ lanes: 4, serverDeadline: 2_700_000 });
  expect(prod.dsns.cells).toEqual({ '6f1c2d3e-0000-4000-8000-000000000001': 'mysql+pymysql://n:s@db/nova' });
});

/** As docs/backups.md has them: a folder, a bucket, the bucket's keys in secure.yaml. */
const [inFolder = '', inBucket = '', secrets = ''] = [
  ...readFileSync('docs/backups.md', 'utf8').matchAll(/```yaml\n(.*?)```/gs),
].map(([, block]) => block ?? '');
const withEntry = (text: string): string => text.replace('  prod-eu:', `  prod-eu:${entry}\n      password: hunter2`);

test('the page about backups is true: a folder with a second one elsewhere, or a bucket whose keys are in secure.yaml', () => {
  write('here/clouds.yaml', withEntry(inFolder));
  expect(one('prod-eu').backup).toMatchObject({
    target: '/var/lib/vigie/backups',
    copies: '/mnt/elsewhere/backups',
    scratch: '/var/lib/vigie/scratch',
    keep: 14,
  });

  write('here/clouds.yaml', withEntry(inBucket));
  write('here/secure.yaml', secrets);
  const bucket = {
    endpoint: 'https://s3.example.net:8080',
    name: 'vigie-backups',
    prefix: 'prod-eu/',
    region: 'RegionOne',
    pathStyle: true,
    cacert: '/etc/vigie/s3-ca.pem',
    accessKey: '6f1c2d3e4f',
    secretKey: '0a1b2c3d4e',
  };
  expect(one('prod-eu').backup).toMatchObject({ target: bucket, copies: null, scratch: '/var/lib/vigie/scratch' });

  const copied = inFolder.replace(
    'copies: /mnt/elsewhere/backups',
    'copies: { endpoint: "http://s3:7480", name: bkp }',
  );
  write('here/clouds.yaml', withEntry(copied));
  write('here/secure.yaml', secrets.replace('bucket:', 'copies:'));
  expect(one('prod-eu').backup).toMatchObject({
    target: '/var/lib/vigie/backups',
    copies: { endpoint: 'http://s3:7480', name: 'bkp', prefix: '', region: 'us-east-1', secretKey: '0a1b2c3d4e' },
  });
});

test.each([
  ['no keys', inBucket, '', 'vigie.backup.bucket.access_key is needed, in secure.yaml best'],
  [
    'both',
    inFolder.replace('backup:', 'backup:\n        bucket: { endpoint: "https://s3", name: bkp }'),
    secrets,
    'vigie.backup needs folder or bucket, and not both',
  ],
  ['neither', inFolder.replace('folder:', '#'), '', 'vigie.backup needs folder or bucket, and not both'],
  [
    'no scratch',
    inBucket.replace(/scratch:.*/, ''),
    secrets,
    'vigie.backup.scratch is needed beside bucket: the folder where dumps are proven',
  ],
  [
    'a secret in the address',
    inBucket.replace('https://', 'https://key:hunter2@'),
    secrets,
    'vigie.backup.bucket.endpoint is the address of an S3 endpoint, such as https://s3.example.net:8080',
  ],
])('a bucket that is half described is refused by name, and no secret is told: %s', (_what, clouds, secure, said) => {
  write('here/clouds.yaml', withEntry(clouds));
  if (secure !== '') write('here/secure.yaml', secure);
  const told = refusal();
  expect(told).toContain(said);
  expect(told).not.toMatch(/hunter2|0a1b2c3d4e/);
});

test('where archives go, and the accounts that purge, watch and restore, are keys of vigie', () => {
  write(
    'here/clouds.yaml',
    `clouds:
  prod:
    auth: { auth_url: "https://k", user_id: u, password: p, project_id: x }
    vigie:
      keystone-writer: mysql://w:s@db/keystone
      keystone-replicas: [mysql://r:s@db2/information_schema]
      scratch: mysql://t:s@scratch/tokens
      archive: { folder: /var/lib/vigie, public-key: /etc/vigie/archive.pub.pem }
`,
  );
  const { dsns, archive } = one('prod');
  expect(dsns).toMatchObject({
    keystoneWriter: 'mysql://w:s@db/keystone',
    keystoneReplicas: ['mysql://r:s@db2/information_schema'],
    scratch: 'mysql://t:s@scratch/tokens',
  });
  expect(archive).toEqual({ folder: '/var/lib/vigie', publicKey: '/etc/vigie/archive.pub.pem', privateKey: null });
});

test('an application credential sends no scope', () => {
  write(
    'here/clouds.yaml',
    'clouds:\n  prod:\n    auth_type: v3applicationcredential\n    auth: { auth_url: "https://k", application_credential_id: i, application_credential_secret: s }\n',
  );

  expect(one('prod').login).toEqual({ kind: 'application-credential', id: 'i', name: null, user: null, secret: 's' });
});

test('everything wrong is said at once, with file and line, and without secrets', () => {
  write(
    'here/clouds.yaml',
    `clouds:
  one:
    auth: { auth_url: nowhere, username: a, password: hunter2, project_name: p }
    vigie:
      novaapi: mysql://root:hunter2@db/nova
      keystone: postgres://root:hunter2@db/keystone
  two:
    auth_type: v3oidcpassword
    auth: { auth_url: "https://k" }
    cacert: /nowhere/ca.pem
  three:
    region_name: north
    regions: [east]
`,
  );

  const said = refusal();

  expect(said.replaceAll(join(home, 'here', 'clouds.yaml'), 'FILE').split('\n')).toEqual([
    'FILE:3: cloud one: auth.auth_url is the address of Keystone, such as https://keystone.example.net:5000/v3',
    'FILE:6: cloud one: vigie.keystone is a DSN such as mysql://user:password@host/nova',
    'FILE:4: cloud one: vigie: Unrecognized key: "novaapi"',
    'FILE:9: cloud two: auth_type v3oidcpassword is not one vigie can use: password or v3applicationcredential',
    'FILE:10: cloud two: cacert /nowhere/ca.pem cannot be read',
    'FILE:12: cloud three: region_name north is none of its regions: east',
  ]);
  expect(said).not.toContain('hunter2');
});

test('a broken file names its line and does not quote itself', () => {
  write('here/clouds.yaml', 'clouds:\n  prod:\n    auth: {password: hunter2\n');

  expect(refusal()).toMatch(/clouds\.yaml:\d+: not valid YAML/);
  expect(refusal()).not.toContain('hunter2');
});

test('the environment does not count, and a named file must be there', () => {
  expect(refusal()).toContain('there is no clouds.yaml in');
  expect(() => read({ cloudsFile: '/nowhere/clouds.yaml' })).toThrow('/nowhere/clouds.yaml: there is no such file');
});

test('the fingerprint changes with the credential and with the file, and with nothing else', () => {
  const file = write('here/clouds.yaml', `clouds:\n  prod:${entry}\n      password: hunter2\n`);
  const before = one('prod').fingerprint;
  expect(one('prod').fingerprint).toBe(before);

  utimesSync(file, new Date(0), new Date(0));
  expect(one('prod').fingerprint).not.toBe(before);
});

test('a process of one cloud does not stumble over another, and misses its own by name', () => {
  write('here/clouds.yaml', `clouds:\n  prod:${entry}\n      password: x\n  lab: {}\n`);

  expect([...read({ only: ['prod'] }).keys()]).toEqual(['prod']);
  expect(() => read({ only: ['dev'] })).toThrow('there is no cloud dev; it has prod, lab');
});

function write(path: string, text: string): string {
  writeFileSync(join(home, path), text);
  return join(home, path);
}

function read(more: { cloudsFile?: string; only?: string[] } = {}): Map<string, CloudConfig> {
  return readClouds({ cloudsFile: null, secureFile: null, only: null, cwd: join(home, 'here'), home, ...more });
}

function one(name: string): CloudConfig {
  const config = read().get(name);
  if (!config) throw new Error(`no ${name}`);
  return config;
}

function refusal(): string {
  try {
    read();
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
  throw new Error('it was read');
}
