import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { mariadbUrl } from '../setup/servers.ts';
import { request } from './cloud.ts';

const main = fileURLToPath(new URL('../../src/simulator/main.ts', import.meta.url));

function start(env: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, ['--import', 'tsx', main], { env: { ...process.env, ...env } });
  const said: string[] = [];
  child.stdout.on('data', (chunk) => said.push(String(chunk)));
  child.stderr.on('data', (chunk) => said.push(String(chunk)));
  return { child, said };
}

test('says where it listens, and stops when it is told to', async () => {
  const prefix = `sim_${randomBytes(4).toString('hex')}_`;
  const env = { SIMULATOR_MYSQL: mariadbUrl(), SIMULATOR_PREFIX: prefix, SIMULATOR_TOKEN_ROWS: '10' };
  const { child, said } = start(env);
  await once(child.stdout, 'data');
  const url = /keystone at (\S+)/.exec(said.join(''))?.[1] ?? '';
  expect((await request('GET', url)).body['version']?.['id']).toBe('v3.14');
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
}, 20_000);

test('without a database it says what it needs', async () => {
  const { child, said } = start({ SIMULATOR_MYSQL: '' });
  expect(await once(child, 'exit')).toEqual([2, null]);
  expect(said.join('')).toContain('The simulator needs SIMULATOR_MYSQL');
}, 20_000);
