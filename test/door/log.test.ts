import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openLog } from '../../src/log.ts';

test('nothing secret reaches the log', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'vigie-log-'));
  const file = join(folder, 'deep', 'vigie.log');
  const log = openLog({ level: 'info', file, name: 'worker-1' });
  const error = Object.assign(new Error('connect mysql://nova:hunter2@db failed'), {
    code: 'ER_X',
    sql: 'SELECT hunter2',
  });
  log.error({ err: error, cloud: { password: 'hunter2' }, token: 'hunter2' }, 'a cloud is away');
  log.debug('not said');
  const text = await readFile(file, 'utf8');
  await rm(folder, { recursive: true });
  expect(text).not.toContain('hunter2');
  expect(JSON.parse(text)).toMatchObject({
    level: 'error',
    name: 'worker-1',
    msg: 'a cloud is away',
    token: '[hidden]',
    err: { type: 'Error', code: 'ER_X', message: 'connect mysql[hidden]db failed' },
  });
});
