import { setMaxListeners } from 'node:events';
import { type Database, isUnreachable } from '../mysql/database.ts';
import { leaseMs, type Owner, renewLeases } from './store.ts';

const renewEveryMs = 4500;

/** Why a step must end its turn. */
export type StopReason = 'shutdown' | 'cancel-now' | 'fenced';

export type Wish = 'cancel' | 'cancel-now' | null;

/** One job in this worker's hands, measured by the worker's own monotonic clock: frozen for too long, it is lost. */
export interface Tenure {
  readonly owner: Owner;
  readonly signal: AbortSignal;
  /** performance.now() until which the lease surely holds. */
  validUntil(): number;
  alive(): boolean;
  wish(): Wish;
  hear(wish: string | null): void;
  stop(reason: StopReason): void;
}

export interface Tenures {
  /** `wish`: what people already wish of the job as it is taken. */
  open(owner: Owner, takenAt: number, wish: Wish): Tenure;
  close(tenure: Tenure): void;
  /** Every job is let go of at its next safe point, also one that is being taken right now. */
  shutDown(): void;
  stop(): void;
}

interface Held {
  readonly owner: Owner;
  readonly controller: AbortController;
  validUntil: number;
  wish: Wish;
}

/** Looks after all of a worker's leases at once: wishes are heard within a second, leases prolonged every five. */
export function openTenures(database: Database, worker: string, failed: (error: unknown) => void): Tenures {
  const held = new Map<Tenure, Held>();
  const timer = setInterval(() => void beat(), 1000);
  let beating = false;
  let ending = false;

  async function beat(): Promise<void> {
    for (const one of held.values()) if (performance.now() >= one.validUntil) one.controller.abort('fenced');
    // What is lost already is not prolonged: a step that does not come back must not keep the job from others.
    const ours = [...held.values()].filter((one) => one.controller.signal.reason !== 'fenced');
    if (beating || ours.length === 0) return;
    beating = true;
    try {
      await renew(database, worker, ours);
    } catch (error) {
      // Unreachable or broken: nothing was prolonged, so the monotonic clock ends the tenures by itself.
      if (!isUnreachable(error)) failed(error);
    } finally {
      beating = false;
    }
  }

  return {
    open(owner, takenAt, wish) {
      const controller = new AbortController();
      // Each step that sleeps listens.
      setMaxListeners(0, controller.signal);
      const one: Held = { owner, controller, validUntil: takenAt + leaseMs, wish: null };
      heard(one, wish);
      const tenure = tenureOf(one);
      if (ending) tenure.stop('shutdown');
      held.set(tenure, one);
      return tenure;
    },
    close: (tenure) => void held.delete(tenure),
    shutDown() {
      ending = true;
      for (const tenure of held.keys()) tenure.stop('shutdown');
    },
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
    hear: (wish) => heard(one, wish),
    stop: (reason) => one.controller.abort(reason),
  };
}

function heard(one: Held, wish: string | null): void {
  one.wish = wish === 'cancel' || wish === 'cancel-now' ? wish : null;
  if (one.wish === 'cancel-now') one.controller.abort('cancel-now');
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
    heard(one, answer.wish);
  }
}
