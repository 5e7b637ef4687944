import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { redisProgram } from '../../src/embedded.ts';
import { type Bells, openBells } from '../../src/jobs/queue.ts';

vi.setConfig({ testTimeout: 60_000 });

let directory: string;
let bells: Bells | null = null;
const running = new Map<string, ChildProcess>();

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'vigie-kinds-'));
});
afterEach(async () => {
  await bells?.close();
  bells = null;
  await Promise.all([...running.keys()].map(kill));
  rmSync(directory, { recursive: true, force: true });
});

test('Sentinels say who the master is: after it died the next is found and rung at', async () => {
  const [first, second, sentinel] = [await freePort(), await freePort(), await freePort()];
  await server('first', first, ['--requirepass', 'pw', '--masterauth', 'pw']);
  await server('second', second, ['--requirepass', 'pw', '--masterauth', 'pw', '--replicaof', `127.0.0.1 ${first}`]);
  await until(second, 'pw', async (redis) => (await redis.info('replication')).includes('master_link_status:up'));
  await watch(sentinel, first);

  const heard = await listen(`redis+sentinel://:pw@127.0.0.1:${sentinel}/bell`);
  await ringUntil(heard, 'before');
  await kill('first');
  await until(second, 'pw', async (redis) => (await redis.role())[0] === 'master');
  await ringUntil(heard, 'after');
});

test('a cluster rings like one server', async () => {
  const port = await freePort();
  await server('node', port, [
    '--cluster-enabled',
    'yes',
    '--cluster-announce-ip',
    '127.0.0.1',
    '--cluster-config-file',
    join(directory, 'nodes.conf'),
  ]);
  const node = new Redis(port);
  await node.cluster('ADDSLOTSRANGE', 0, 16383);
  node.disconnect();
  await until(port, null, async (redis) => String(await redis.cluster('INFO')).includes('cluster_state:ok'));

  const heard = await listen(`redis+cluster://127.0.0.1:${port}`);
  await ringUntil(heard, 'here');
});

async function listen(url: string): Promise<Set<string>> {
  bells = openBells(url);
  const heard = new Set<string>();
  await bells.listen('do-prod', 1, async (id) => void heard.add(id));
  return heard;
}

/** A bell may be lost while servers change: vigie rings again, and so does this. */
async function ringUntil(heard: ReadonlySet<string>, id: string): Promise<void> {
  let times = 0;
  await vi.waitFor(
    async () => {
      await bells?.ring('do-prod', id, `${id}-${times++}`);
      expect(heard).toContain(id);
    },
    { timeout: 30_000, interval: 200 },
  );
}

async function server(name: string, port: number, options: readonly string[]): Promise<void> {
  const usual = ['--bind', '127.0.0.1', '--port', String(port), '--dir', directory, '--save', ''];
  start(name, [...usual, '--dbfilename', `${name}.rdb`, ...options]);
  await until(port, options.includes('pw') ? 'pw' : null, async (redis) => (await redis.ping()) === 'PONG');
}

async function watch(port: number, master: number): Promise<void> {
  const file = join(directory, 'sentinel.conf');
  const lines = [
    `bind 127.0.0.1\nport ${port}\ndir ${directory}`,
    `sentinel monitor bell 127.0.0.1 ${master} 1`,
    'sentinel auth-pass bell pw\nsentinel down-after-milliseconds bell 1000\nsentinel failover-timeout bell 5000',
  ];
  writeFileSync(file, `${lines.join('\n')}\n`);
  start('sentinel', [file, '--sentinel']);
  // Only a Sentinel that has heard of the replica can make it the master.
  await until(port, null, async (redis) =>
    String(await redis.call('SENTINEL', 'MASTER', 'bell')).includes('num-slaves,1'),
  );
}

function start(name: string, options: readonly string[]): void {
  running.set(name, spawn(redisProgram(directory), options, { cwd: directory, stdio: 'ignore' }));
}

async function kill(name: string): Promise<void> {
  const child = running.get(name);
  running.delete(name);
  if (child === undefined || child.exitCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

async function until(port: number, password: string | null, holds: (redis: Redis) => Promise<boolean>): Promise<void> {
  const redis = new Redis(port, { ...(password === null ? {} : { password }), retryStrategy: () => 50 });
  redis.on('error', () => {});
  try {
    await vi.waitFor(async () => expect(await holds(redis)).toBe(true), { timeout: 30_000, interval: 100 });
  } finally {
    redis.disconnect();
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
