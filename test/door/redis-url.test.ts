import { expect, test } from 'vitest';
import { parseRedisUrl } from '../../src/redis-url.ts';

const bare = { username: null, password: null, tls: false };

test.each([
  ['unix:///run/redis.sock', { kind: 'socket', path: '/run/redis.sock' }],
  ['rediss://user:pw@bell:6380/2', { kind: 'server', url: 'rediss://user:pw@bell:6380/2' }],
  [
    'redis+sentinel://a,b:26380,[::1]:26381/bell',
    {
      ...{ kind: 'sentinel', master: 'bell', ...bare },
      nodes: [
        { host: 'a', port: 26379 },
        { host: 'b', port: 26380 },
        { host: '::1', port: 26381 },
      ],
    },
  ],
  [
    'rediss+cluster://user:p%40ss@a,b:7000',
    {
      ...{ kind: 'cluster', username: 'user', password: 'p@ss', tls: true },
      nodes: [
        { host: 'a', port: 6379 },
        { host: 'b', port: 7000 },
      ],
    },
  ],
])('%s is understood', (text, address) => {
  expect(parseRedisUrl(text)).toEqual(address);
});

test.each([
  ...['', 'bell', 'http://bell', 'redis://', 'unix://', 'redis+sentinel://a:26379', 'redis+sentinel:///bell'],
  ...['redis+cluster://a/0', 'redis+cluster://a,,b', 'redis+cluster://a:port'],
])('%j is no address', (text) => {
  expect(parseRedisUrl(text)).toBeNull();
});
