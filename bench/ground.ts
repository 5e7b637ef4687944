import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { startChild } from '../src/demo/child.ts';
import { Simulated } from '../src/demo/cloud.ts';
import { ensureMariadb, ensureRedis } from '../src/embedded.ts';
import { credentialGate } from '../src/jobs/credentials.ts';
import { type Database, openDatabase } from '../src/mysql/database.ts';
import { connectDatabases } from '../src/mysql/databases.ts';
import { type CloudConfig, defaultSettings } from '../src/openstack/config.ts';
import { type ConnectedCloud, connectCloud } from '../src/openstack/connect.ts';

/** Private servers and a simulated cloud in a process of its own, gone at the end. */
export interface Ground {
  readonly database: Database;
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly cloud: ConnectedCloud;
  readonly config: CloudConfig;
  stop(): Promise<void>;
}

export const log = pino({ level: 'silent' });

/** With LAB set to what the lab's `env` prints as OS_AUTH_URL, the cloud is that one instead of a simulated one. */
export async function openGround(
  simulated: Readonly<Record<string, string>>,
  changes: Partial<CloudConfig> = {},
): Promise<Ground> {
  const directory = mkdtempSync(join(tmpdir(), 'vigie-bench-'));
  const redis = await ensureRedis(directory);
  const mariadb = await ensureMariadb(directory, ['CREATE DATABASE IF NOT EXISTS vigie']);
  const url = new URL(mariadb.url);
  url.pathname = '/vigie';
  const database = await openDatabase(url.href);
  const lab = process.env['LAB'];
  const settings = { SIMULATOR_MYSQL: url.searchParams.get('socketPath') ?? '', SIMULATOR_PORT: '0', ...simulated };
  const child =
    lab === undefined
      ? startChild({
          name: 'simulator',
          program: 'simulator/main',
          args: [],
          env: { ...process.env, ...settings },
          directory,
        })
      : null;
  const told =
    child === null
      ? { url: lab ?? '', region: 'RegionOne', dsns: { novaApi: '', cells: {}, keystone: '' } }
      : Simulated.parse(await child.told);
  const config = configOf(told, changes);
  const databases = connectDatabases({
    cloud: 'demo',
    dsns: config.dsns,
    archive: config.archive,
    now: () => new Date(),
  });
  const gate = credentialGate(database);
  const cloud = connectCloud({
    name: 'demo',
    config,
    databases,
    gate,
    log,
    now: () => new Date(),
    sleep: (ms) => sleep(ms),
  });
  return {
    database,
    databaseUrl: url.href,
    redisUrl: redis.url,
    cloud,
    config,
    async stop() {
      await cloud.close();
      await databases.close();
      await child?.stop();
      await database.close();
      await Promise.all([redis.stop(), mariadb.stop()]);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function configOf(
  told: { url: string; region: string; dsns: CloudConfig['dsns'] },
  changes: Partial<CloudConfig>,
): CloudConfig {
  const domain = { name: 'Default' };
  return {
    name: 'demo',
    authUrl: told.url,
    login: {
      kind: 'password',
      user: { name: 'admin', domain },
      password: 'lab',
      scope: { project: { name: 'admin', domain } },
    },
    region: told.region,
    interfaces: ['public'],
    serviceInterfaces: {},
    endpointOverrides: {},
    tls: { verify: true, ca: null, cert: null, key: null },
    timeoutMs: null,
    fingerprint: told.url,
    settings: defaultSettings,
    hooks: [],
    dsns: told.dsns,
    ...changes,
  };
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export function printTable(title: string, columns: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = columns.map((column, index) =>
    Math.max(column.length, ...rows.map((row) => (row[index] ?? '').length)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd();
  console.log([title, line(columns), ...rows.map(line), ''].join('\n'));
}
