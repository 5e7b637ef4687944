import { Redis } from 'ioredis';
import { createConnection } from 'mysql2/promise';
import { expect, test } from 'vitest';
import { freshDatabase, redisPrefix, redisUrl } from './setup/servers.ts';

test('a test file has a database of its own', async () => {
  const database = await freshDatabase();
  const connection = await createConnection(database.url);
  expect((await connection.query('SELECT DATABASE() AS name'))[0]).toEqual([{ name: database.name }]);
  await connection.end();
  await database.drop();
});

test('ioredis takes the url of the private Redis as it is', async () => {
  const redis = new Redis(redisUrl(), { keyPrefix: `${redisPrefix()}:` });
  await redis.set('word', 'lookout');
  expect(await redis.get('word')).toBe('lookout');
  expect(await redis.config('GET', 'maxmemory-policy')).toEqual(['maxmemory-policy', 'noeviction']);
  redis.disconnect();
});
