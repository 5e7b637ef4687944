import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';

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
type Retry = (times: number) => number;

/** `url`: redis://, rediss:// or unix:///path. `prefix` keeps several vigies apart on one Redis. */
export function openBells(url: string, prefix = 'vigie'): Bells {
  const queues = new Map<string, Queue>();
  const connection = connectionOf(url);
  // What cannot be sent waits for one attempt to reconnect and is then dropped: a bell may be lost, never pile up.
  const ringing = redisOf(url);
  ringing.on('error', () => {});
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
    },
  };
}

/** BullMQ refuses colons in names and ids, and ids that are numbers. */
function safe(name: string): string {
  return name.replace(/[^A-Za-z0-9._/#-]/g, '-');
}

function redisOf(url: string): Redis {
  const { path, retryStrategy } = { path: null, ...connectionOf(url) };
  const options = { retryStrategy, maxRetriesPerRequest: 1 };
  return path === null ? new Redis(url, options) : new Redis(path, options);
}

function connectionOf(url: string): { path: string; retryStrategy: Retry } | { url: string; retryStrategy: Retry } {
  const retryStrategy = (times: number) => Math.min(50 * times, 1000);
  return url.startsWith('unix://') ? { path: url.slice('unix://'.length), retryStrategy } : { url, retryStrategy };
}
