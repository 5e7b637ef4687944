import { Cluster, Redis } from 'ioredis';
import type { RedisAddress } from '../redis-url.ts';

/** Endless, a second apart at most: with the bell away work is found by the sweeps meanwhile. */
const retryStrategy = (times: number) => Math.min(50 * times, 1000);

/** For who listens, and waits for as long as Redis is away: options, or for a cluster the connection that is copied. */
export function listeningTo(address: RedisAddress) {
  if (address.kind === 'cluster') return clusterOf(address, null);
  if (address.kind === 'sentinel') return sentinelOptions(address);
  return address.kind === 'socket' ? { path: address.path, retryStrategy } : { url: address.url, retryStrategy };
}

/** For who rings: what cannot be sent waits for one attempt to reconnect and is then dropped. */
export function ringingAt(address: RedisAddress): Redis | Cluster {
  const maxRetriesPerRequest = 1;
  switch (address.kind) {
    case 'cluster':
      return clusterOf(address, maxRetriesPerRequest);
    case 'sentinel':
      return new Redis({ ...sentinelOptions(address), maxRetriesPerRequest });
    case 'socket':
      return new Redis(address.path, { retryStrategy, maxRetriesPerRequest });
    case 'server':
      return new Redis(address.url, { retryStrategy, maxRetriesPerRequest });
  }
}

/** In a cluster every key of a queue must lie in one slot, which the braces do. */
export function prefixAt(address: RedisAddress, prefix: string): string {
  return address.kind === 'cluster' ? `{${prefix}}` : prefix;
}

/** The password is that of the servers; Sentinels are asked without one. */
function sentinelOptions(address: RedisAddress & { kind: 'sentinel' }) {
  return {
    sentinels: [...address.nodes],
    name: address.master,
    retryStrategy,
    sentinelRetryStrategy: retryStrategy,
    ...loginOf(address),
    ...(address.tls ? { enableTLSForSentinelMode: true, sentinelTLS: {} } : {}),
  };
}

function clusterOf(address: RedisAddress & { kind: 'cluster' }, maxRetriesPerRequest: number | null): Cluster {
  const cluster = new Cluster([...address.nodes], {
    clusterRetryStrategy: retryStrategy,
    redisOptions: { maxRetriesPerRequest, ...loginOf(address) },
  });
  cluster.on('error', () => {});
  return cluster;
}

function loginOf({ username, password, tls }: RedisAddress & { kind: 'sentinel' | 'cluster' }) {
  const login: { username?: string; password?: string; tls?: object } = {};
  if (username !== null) login.username = username;
  if (password !== null) login.password = password;
  if (tls) login.tls = {};
  return login;
}
