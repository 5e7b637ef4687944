import { z } from 'zod';
import type { OperatorPool } from './operator-pool.ts';
import { lagOf } from './replica-lag.ts';

/** Why nothing should be deleted just now, in one line; null where nothing is in the way. */
export type Brakes = () => Promise<string | null>;

interface Watched {
  readonly keystone: OperatorPool;
  readonly replicas: readonly OperatorPool[];
}

/** From here on others feel it: pt-archiver and gh-ost stop at about the same. */
const limits = { threadsRunning: 25, lockWaits: 5, flowControl: 0.1, receiveQueue: 100 } as const;

/** Asked at most once a second; between two looks the last answer holds. */
export function openBrakes(watched: Watched): Brakes {
  let lookedAt = Number.NEGATIVE_INFINITY;
  let paused: { ns: number; at: number } | null = null;
  let answer: string | null = null;

  async function look(): Promise<string | null> {
    const status = await statusOf(watched.keystone);
    const before = paused;
    paused = { ns: status.wsrep_flow_control_paused_ns ?? 0, at: performance.now() };
    const share = before === null ? 0 : (paused.ns - before.ns) / 1e6 / (paused.at - before.at);
    return (
      galeraTrouble(watched.keystone.label, status, share) ??
      loadTrouble(watched.keystone.label, status) ??
      (await lagTrouble(watched.replicas))
    );
  }

  return async () => {
    if (performance.now() - lookedAt < 1000) return answer;
    answer = await look();
    lookedAt = performance.now();
    return answer;
  };
}

const names = [
  'Threads_running',
  'Innodb_row_lock_current_waits',
  'wsrep_cluster_status',
  'wsrep_ready',
  'wsrep_local_state_comment',
  'wsrep_flow_control_paused_ns',
  'wsrep_local_recv_queue',
] as const;

const Count = z.coerce.number().optional();
const Status = z.object({
  Threads_running: Count,
  Innodb_row_lock_current_waits: Count,
  wsrep_cluster_status: z.string().optional(),
  wsrep_ready: z.string().optional(),
  wsrep_local_state_comment: z.string().optional(),
  wsrep_flow_control_paused_ns: Count,
  wsrep_local_recv_queue: Count,
});
type Status = z.output<typeof Status>;

/** SHOW STATUS needs no grant. */
async function statusOf(pool: OperatorPool): Promise<Status> {
  const rows = await pool.raw({
    sql: `SHOW GLOBAL STATUS WHERE Variable_name IN (${names.map(() => '?').join(', ')})`,
    values: names,
  });
  return Status.parse(Object.fromEntries(rows.map(([name, value]) => [String(name), String(value)])));
}

/** Whether this server is a node of a Galera cluster, of how many. */
export async function galeraOf(pool: OperatorPool): Promise<{ readonly nodes: number; readonly state: string } | null> {
  const rows = await pool.raw({
    sql: "SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_cluster_size', 'wsrep_local_state_comment')",
  });
  const status = Object.fromEntries(rows.map(([name, value]) => [String(name), String(value)]));
  const nodes = Number(status['wsrep_cluster_size'] ?? 0);
  return nodes > 0 ? { nodes, state: status['wsrep_local_state_comment'] ?? 'unknown' } : null;
}

function galeraTrouble(label: string, status: Status, share: number): string | null {
  const state = status.wsrep_local_state_comment;
  if (state === undefined || status.wsrep_cluster_status === 'Disconnected') return null;
  if (status.wsrep_cluster_status !== 'Primary')
    return `${label} is in a part of its Galera cluster that is not Primary`;
  if (status.wsrep_ready !== 'ON' || state !== 'Synced')
    return `${label} is a Galera node that is ${state}, not Synced`;
  if (share > limits.flowControl)
    return `Galera held all writes back for ${Math.round(share * 100)} % of the last while (flow control)`;
  const queue = status.wsrep_local_recv_queue ?? 0;
  return queue > limits.receiveQueue ? `${label} has ${queue} write sets of other nodes to catch up with` : null;
}

function loadTrouble(label: string, status: Status): string | null {
  const running = status.Threads_running ?? 0;
  if (running > limits.threadsRunning) return `${label} runs ${running} statements at once`;
  const waits = status.Innodb_row_lock_current_waits ?? 0;
  return waits > limits.lockWaits ? `${waits} statements wait for row locks of ${label}` : null;
}

async function lagTrouble(replicas: readonly OperatorPool[]): Promise<string | null> {
  const troubles = await Promise.all(replicas.map(async (replica) => (await lagOf(replica)).trouble));
  return troubles.find((trouble) => trouble !== null) ?? null;
}
