import type { BackupWriter } from '../../src/command/backup/ledger.ts';
import type { PlanContext, StepContext } from '../../src/command/command.ts';
import type { LeaseWriter } from '../../src/command/lease.ts';
import type { Cloud } from '../../src/openstack/cloud.ts';

const noBackups: BackupWriter = {
  list: async () => [],
  find: async () => null,
  written: async () => undefined,
  tried: async () => undefined,
  removed: async () => undefined,
};

/** What a plan is made from where nothing was planned before. */
export function planContext(cloud: Cloud, leases: PlanContext['leases']): PlanContext {
  return {
    cloud,
    leases,
    backups: noBackups,
    campaigns: { of: async () => null },
    history: { drains: async () => [], moved: async () => null, mover: async () => null, edited: async () => null },
    by: { human: 'alice' },
    now: new Date(),
    signal: new AbortController().signal,
    mustArchive: false,
    heedsWishes: () => false,
    closedPerZone: null,
    leaseMs: () => null,
    holder: async () => null,
    jobOn: async () => null,
    held: async () => [],
  };
}

/** What a step does its work with, as its worker's first turn has it. */
export function stepContext(cloud: Cloud, leases: LeaseWriter, job: StepContext['job']): StepContext {
  const signal = new AbortController().signal;
  return {
    cloud,
    leases,
    backups: noBackups,
    campaigns: { of: async () => null, open: async () => undefined },
    job,
    checkpoint: null,
    checkpointAt: null,
    startedAt: new Date(),
    answer: null,
    ended: [],
    signal,
    holder: async () => null,
    heedsWishes: () => false,
    cancelled: () => false,
    now: () => new Date(),
    sleep: async () => undefined,
    act: (_intent, request) => request({ signal, notAfter: performance.now() + 2000 }),
    remember: async () => undefined,
    inquire: async () => null,
    beside: () => [],
    takeLane: async ({ work }) => ({ did: await work() }),
    progress: () => undefined,
  };
}
