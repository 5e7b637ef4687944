import { Queue, Worker } from 'bullmq';
import { Cluster } from 'ioredis';
import { parseRedisUrl, redisUrlHelp } from '../redis-url.ts';
import { listeningTo, prefixAt, ringingAt } from './redis.ts';

/**
 * The bell. BullMQ carries ids and nothing else; no bell owns, decides or remembers anything: rows do. With Redis away
 * or wiped the sweeps find the same work within 5 s.
 */
export interface Bells {
  /** Rings; gives up silently after 100 ms. `once` names the ring, so that the same one is not queued twice. */
  ring(queue: string, id: string, once: string): Promise<void>;
  listen(queue: string, concurrency: number, heard: (id: string) => Promise<void>): Promise<Listener>;
  close(): Promise<void>;
}

export interface Listener {
  close(): Promise<void>;
}

const patience = 100;

/** `url` as REDIS_URL. `name` keeps several vigies apart on one Redis. */
export function openBells(url: string, name = 'vigie'): Bells {
  const address = parseRedisUrl(url);
  if (address === null) throw new TypeError(`no address of a Redis: ${redisUrlHelp}`);
  const prefix = prefixAt(address, name);
  const queues = new Map<string, Queue>();
  const connection = listeningTo(address);
  // A bell may be lost, never pile up.
  const ringing = ringingAt(address);
  ringing.on('error', () => {});
  // While Sentinels or a cluster's nodes are looked for nobody counts attempts: what waits there would pile up.
  let isAway = false;
  if (address.kind === 'sentinel' || address.kind === 'cluster') {
    ringing.on('close', () => {
      isAway = true;
    });
    ringing.on('ready', () => {
      isAway = false;
    });
  }
  function queueOf(name: string): Queue {
    const known = queues.get(name);
    if (known !== undefined) return known;
    const fresh = new Queue(name, { connection: ringing, prefix, skipWaitingForReady: true });
    fresh.on('error', () => {});
    queues.set(name, fresh);
    return fresh;
  }
  return {
    async ring(queue, id, once) {
      if (isAway) return;
      const added = queueOf(safe(queue)).add(
        'bell',
        { id },
        { jobId: safe(once), removeOnComplete: true, removeOnFail: true },
      );
      await Promise.race([
        added.catch(() => undefined),
        new Promise((resolve) => setTimeout(resolve, patience).unref()),
      ]);
    },
    async listen(queue, concurrency, heard) {
      const worker = new Worker(safe(queue), async (bell) => heard(String(bell.data.id)), {
        connection,
        prefix,
        concurrency,
      });
      worker.on('error', () => {});
      return { close: () => worker.close(true) };
    },
    async close() {
      await Promise.all([...queues.values()].map((queue) => queue.close().catch(() => undefined)));
      ringing.disconnect();
      if (connection instanceof Cluster) connection.disconnect();
    },
  };
}

/** BullMQ refuses colons in names and ids, and ids that are numbers. */
function safe(name: string): string {
  return name.replace(/[^A-Za-z0-9._/#-]/g, '-');
}
