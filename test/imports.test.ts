import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';

/**
 * Who may import whom. A key is a file or a folder of the project; the longest that fits decides. What is not listed
 * is not allowed; a folder always reaches itself. ARCHITECTURE.md shows the same table.
 */
const table: Readonly<Record<string, readonly string[]>> = {
  'src/chat': [],
  'src/command': ['src/chat', 'src/openstack/cloud.ts', 'src/openstack/names.ts', 'src/openstack/errors.ts'],
  'src/openstack': ['src/chat/user-error.ts'],
  'src/archive': ['src/chat/user-error.ts'],
  'src/stores': ['src/chat/user-error.ts', 'src/archive', 'src/openstack/config.ts'],
  'src/runbooks': ['src/chat', 'src/command/wording.ts', 'src/policy/yaml-lines.ts'],
  'src/mysql': [
    'src/chat/user-error.ts',
    'src/archive',
    'src/runbooks',
    'src/openstack/cloud.ts',
    'src/openstack/names.ts',
    'src/openstack/errors.ts',
    'src/openstack/config.ts',
  ],
  'src/mysql/dumps': [
    'src/chat/user-error.ts',
    'src/archive',
    'src/embedded',
    'src/embedded.ts',
    'src/mysql',
    'src/stores',
    'src/openstack/cloud.ts',
    'src/openstack/config.ts',
    'src/openstack/dump-facts.ts',
  ],
  'src/policy': ['src/chat', 'src/command', 'src/log.ts'],
  'src/policy/audit.ts': ['src/command', 'src/mysql/database.ts', 'src/mysql/tables.ts'],
  'src/jobs': [
    'src/chat',
    'src/command',
    'src/policy',
    'src/log.ts',
    'src/mysql/database.ts',
    'src/mysql/tables.ts',
    'src/openstack/cloud.ts',
    'src/openstack/dump-facts.ts',
    'src/openstack/errors.ts',
    'src/redis-url.ts',
  ],
  'src/desk': [
    'src/chat',
    'src/command',
    'src/policy',
    'src/jobs',
    'src/log.ts',
    'src/mysql/database.ts',
    'src/mysql/tables.ts',
  ],
  'src/dispatch.ts': [
    'src/chat',
    'src/command',
    'src/policy',
    'src/jobs',
    'src/desk',
    'src/log.ts',
    'src/mysql/database.ts',
  ],
  'src/every.ts': ['src/log.ts'],
  'src/bot.ts': [
    'src/chat',
    'src/command',
    'src/policy',
    'src/jobs',
    'src/desk',
    'src/dispatch.ts',
    'src/every.ts',
    'src/log.ts',
    'src/mysql/database.ts',
  ],
  'src/watching.ts': ['src/jobs', 'src/every.ts'],
  'src/worker.ts': [
    'src/watching.ts',
    'src/chat',
    'src/command',
    'src/policy',
    'src/jobs',
    'src/every.ts',
    'src/log.ts',
    'src/mysql/database.ts',
    'src/openstack',
  ],
  'src/clouds.ts': [
    'src/chat/user-error.ts',
    'src/jobs',
    'src/cloud-health.ts',
    'src/log.ts',
    'src/mysql',
    'src/openstack',
    'src/runbooks',
  ],
  'src/cloud-health.ts': ['src/openstack'],
  'src/config.ts': ['src/chat/user-error.ts', 'src/command/wording.ts', 'src/redis-url.ts', 'src/slack-config.ts'],
  'src/irc-config.ts': ['src/chat/user-error.ts', 'src/command/wording.ts'],
  'src/slack-config.ts': ['src/chat/user-error.ts', 'src/command/wording.ts'],
  'src/log.ts': ['src/openstack/errors.ts'],
  'src/embedded': ['src/chat/user-error.ts'],
  'src/embedded.ts': ['src/embedded', 'src/chat/user-error.ts'],
  'src/main.ts': ['src', 'adapters'],
  'src/demo.ts': ['src', 'adapters'],
  'src/demo': ['src', 'adapters'],
  'src/simulator': ['src/mysql/database.ts'],
  commands: [
    'src/command',
    'src/chat/report.ts',
    'src/chat/user-error.ts',
    'src/openstack/cloud.ts',
    'src/openstack/names.ts',
    'src/openstack/errors.ts',
  ],
  adapters: ['src/chat'],
};

/** A vendor is named in one place; zod is wherever a schema is. */
const vendors: Readonly<Record<string, readonly string[]>> = {
  bullmq: ['src/jobs/queue.ts'],
  ioredis: ['src/jobs/queue.ts', 'src/jobs/redis.ts'],
  '@mongodb-js/zstd': ['src/archive'],
  kysely: ['src/mysql', 'src/jobs', 'src/policy/audit.ts'],
  mysql2: ['src/mysql', 'src/simulator'],
  undici: ['src/openstack'],
  '@aws-sdk/client-s3': ['src/stores/s3.ts'],
  pino: ['src/log.ts'],
  yaml: ['src/policy', 'src/openstack', 'src/runbooks', 'src/demo', 'src/irc-config.ts'],
  'irc-framework': ['adapters/irc'],
  '@slack/bolt': ['adapters/slack'],
  'cron-parser': ['src/jobs', 'src/desk'],
  'fastest-levenshtein': ['src/command/suggest.ts'],
};

interface Import {
  readonly from: string;
  readonly to: string;
}

const imports = (await Promise.all(['src', 'commands', 'adapters'].map(importsOf))).flat();

describe('imports flow one way', () => {
  test('among our own files', () => {
    const wrong = imports.filter(({ from, to }) => isOurs(to) && !isAllowed(from, to));
    expect(wrong.map(({ from, to }) => `${from} imports ${to}`)).toEqual([]);
  });

  test('a vendor is named in one place', () => {
    const foreign = imports.filter(({ to }) => !isOurs(to) && !to.startsWith('node:') && to !== 'zod');
    const wrong = foreign.filter(({ from, to }) => !(vendors[vendorOf(to)] ?? []).some((place) => isIn(from, place)));
    expect(wrong.map(({ from, to }) => `${from} imports ${to}`)).toEqual([]);
  });

  test('nothing but the simulator knows the simulator', () => {
    const wrong = imports.filter(
      ({ from, to }) => isIn(to, 'src/simulator') && !isIn(from, 'src/simulator') && !isIn(from, 'src/demo'),
    );
    expect(wrong).toEqual([]);
  });

  test('a command knows no other command, and an adapter no other adapter', () => {
    const command = imports.filter(
      ({ from, to }) => isIn(from, 'commands') && isIn(to, 'commands') && !/\/_[^/]*$/.test(to),
    );
    const adapter = imports.filter(
      ({ from, to }) => isIn(from, 'adapters') && isIn(to, 'adapters') && dirname(from) !== dirname(to),
    );
    expect([...command, ...adapter]).toEqual([]);
  });

  test('whatever is imported with a path ends in .ts, and the walk saw them all', () => {
    expect(imports.filter(({ to }) => isOurs(to) && !to.endsWith('.ts'))).toEqual([]);
    expect(imports.length).toBeGreaterThan(100);
  });
});

async function importsOf(folder: string): Promise<Import[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name));
  return (await Promise.all(files.map(fileImports))).flat();
}

async function fileImports(from: string): Promise<Import[]> {
  const text = await readFile(from, 'utf8');
  const named = [...text.matchAll(/^(?:import|export|\})[^'"\n]* from '([^']+)';$/gm)];
  const dynamic = [...text.matchAll(/\bimport(?: |\()'([^']+)'/g)];
  return [...named, ...dynamic].map(([, to = '']) => ({
    from,
    to: to.startsWith('.') ? relative('.', join(dirname(from), to)) : to,
  }));
}

function isOurs(to: string): boolean {
  return /^(src|commands|adapters)\//.test(to);
}

function isAllowed(from: string, to: string): boolean {
  const places = Object.keys(table).filter((place) => isIn(from, place));
  const home = places.sort((a, b) => b.length - a.length)[0];
  const folder = home?.endsWith('.ts') ? dirname(home) : home;
  if (home === undefined || folder === undefined) return false;
  // A folder reaches itself; the files directly under src/ do not reach each other by lying there.
  if (folder !== 'src' && isIn(to, folder)) return true;
  return (table[home] ?? []).some((place) => isIn(to, place));
}

function isIn(file: string, place: string): boolean {
  return file === place || file.startsWith(`${place}/`);
}

function vendorOf(to: string): string {
  return to.startsWith('@') ? to.split('/').slice(0, 2).join('/') : (to.split('/')[0] ?? to);
}
