import { type Database, isUnreachable } from '../mysql/database.ts';
import { leaseMs, type Owner, renewLeases } from './store.ts';

const renewEveryMs = 4500;

/** Why a step must end its turn. */
export type StopReason = 'shutdown' | 'cancel-now' | 'fenced';

/** One job in this worker's hands, measured by the worker's own monotonic clock: frozen for too long, it is lost. */
export interface Tenure {
  readonly owner: Owner;
  readonly signal: AbortSignal;
  /** performance.now() until which the lease surely holds. */
  validUntil(): number;
  alive(): boolean;
  wish(): 'cancel' | 'cancel-now' | null;
  stop(reason: StopReason): void;
}

export interface Tenures {
  open(owner: Owner, takenAt: number): Tenure;
  close(tenure: Tenure): void;
  all(): readonly Tenure[];
  stop(): void;
}

interface Held {
  readonly owner: Owner;
  readonly controller: AbortController;
  validUntil: number;
  wish: 'cancel' | 'cancel-now' | null;
}

/** Looks after all of a worker's leases at once: wishes are heard within a second, leases prolonged every five. */
export function openTenures(database: Database, worker: string, failed: (error: unknown) => void): Tenures {
  const held = new Map<Tenure, Held>();
  const timer = setInterval(() => void beat(), 1000);
  let beating = false;

  async function beat(): Promise<void> {
    for (const one of held.values()) if (performance.now() >= one.validUntil) one.controller.abort('fenced');
    if (beating || held.size === 0) return;
    beating = true;
    try {
      await renew(database, worker, [...held.values()]);
    } catch (error) {
      // Unreachable or broken: nothing was prolonged, so the monotonic clock ends the tenures by itself.
      if (!isUnreachable(error)) failed(error);
    } finally {
      beating = false;
    }
  }

  return {
    open(owner, takenAt) {
      const one: Held = { owner, controller: new AbortController(), validUntil: takenAt + leaseMs, wish: null };
      const tenure = tenureOf(one);
      held.set(tenure, one);
      return tenure;
    },
    close: (tenure) => void held.delete(tenure),
    all: () => [...held.keys()],
    stop: () => clearInterval(timer),
  };
}

function tenureOf(one: Held): Tenure {
  return {
    owner: one.owner,
    signal: one.controller.signal,
    validUntil: () => one.validUntil,
    alive: () => performance.now() < one.validUntil && one.controller.signal.reason !== 'fenced',
    wish: () => one.wish,
    stop: (reason) => one.controller.abort(reason),
  };
}

async function renew(database: Database, worker: string, all: readonly Held[]): Promise<void> {
  const asked = performance.now();
  const prolong = all.some((one) => one.validUntil - asked < leaseMs - renewEveryMs);
  const answers = await renewLeases(
    database,
    worker,
    all.map(({ owner }) => owner.job),
    prolong,
  );
  const byId = new Map(answers.map((answer) => [answer.id, answer]));
  for (const one of all) {
    const answer = byId.get(one.owner.job);
    if (answer === undefined || Number(answer.epoch) !== one.owner.epoch) {
      one.controller.abort('fenced');
      continue;
    }
    if (prolong) one.validUntil = asked + leaseMs;
    one.wish = answer.wish === 'cancel' || answer.wish === 'cancel-now' ? answer.wish : null;
    if (one.wish === 'cancel-now') one.controller.abort('cancel-now');
  }
}
