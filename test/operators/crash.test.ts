import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { EndedStep, PlanContext, StepContext } from '../../src/command/command.ts';
import type { Lease, LeaseWriter } from '../../src/command/lease.ts';
import type { Json } from '../../src/command/outcome.ts';
import { overview } from '../../src/command/protect/overview.ts';
import { lockReason, record, setFlag, setLock } from '../../src/command/protect/steps.ts';
import { unprotectPlan } from '../../src/command/protect/unprotect-plan.ts';
import { clearFlag, clearLock } from '../../src/command/protect/unprotect-steps.ts';
import { protectionOf } from '../../src/command/protection.ts';
import type { ServerId } from '../../src/openstack/names.ts';
import { openStage, type Stage, wordsOf } from './stage.ts';

vi.setConfig({ testTimeout: 30_000 });

const job = { id: '7f3a', human: 'alice', line: 'protect it --lock' };
const ours = lockReason(job, 'precious');

let stage: Stage;
let id: ServerId;
let leases: LeaseWriter;
beforeAll(async () => {
  stage = await openStage({ servers: 1 });
});
afterAll(() => stage.close());
beforeEach(async () => {
  const { id: made } = await stage.simulator.control.createServer({ name: `crash-${randomUUID().slice(0, 8)}` });
  id = (await stage.cloud.server(made as ServerId)).id;
  leases = memory();
});

function memory(...kept: Lease[]): LeaseWriter {
  return {
    find: async (_kind, subject) => kept.find((lease) => lease.subject === subject) ?? null,
    list: async () => [...kept],
    take: async (lease) => {
      kept.push({ ...lease, cloud: 'demo', owner: job.human, job: job.id, since: new Date() });
    },
    end: async (_kind, subject) => {
      kept.splice(0, kept.length, ...kept.filter((lease) => lease.subject !== subject));
    },
  };
}

/** A step's context on the simulated cloud; `checkpoint` is what a worker that died had written. */
function context(checkpoint: Json = null, ended: readonly EndedStep[] = []): StepContext {
  const signal = new AbortController().signal;
  return {
    cloud: stage.cloud,
    leases,
    job,
    checkpoint,
    checkpointAt: null,
    startedAt: new Date(),
    answer: null,
    ended,
    signal,
    cancelled: () => false,
    now: () => new Date(),
    sleep: async () => undefined,
    act: (_intent, request) => request({ signal, notAfter: performance.now() + 2000 }),
    remember: async () => undefined,
    inquire: async () => null,
    progress: () => undefined,
  };
}

function plan(): PlanContext {
  const { cloud } = stage;
  return {
    cloud,
    leases,
    by: { human: 'alice' },
    now: new Date(),
    signal: new AbortController().signal,
    mustArchive: false,
    history: { drains: async () => [], moved: async () => null, edited: async () => null },
    heedsWishes: () => false,
    closedPerZone: null,
    leaseMs: () => null,
    holder: async () => null,
    jobOn: async () => null,
  };
}

function endedStep(step: string, state: EndedStep['state'], output: Json): EndedStep {
  return {
    key: `${step}:${id}`,
    step,
    label: step,
    state,
    note: '',
    input: null,
    output,
    checkpoint: null,
    seconds: 0,
  };
}

function limits() {
  return { signal: new AbortController().signal, notAfter: performance.now() + 2000 };
}

test('a worker that died after the write left an intent: the flag is still known to be ours', async () => {
  await setFlag({ server: id }, context());
  expect(await setFlag({ server: id }, context({ before: false }))).toMatchObject({
    state: 'done',
    output: { before: false },
  });
  expect(await setFlag({ server: id }, context())).toMatchObject({
    state: 'done',
    note: 'was set already',
    output: { before: true },
  });
});

test('a worker that died after the lock left an intent: the lock is still known to be ours', async () => {
  await stage.cloud.lock(id, ours, limits());
  const intent = { ours, before: false, reasonBefore: null };
  expect(await setLock({ server: id, text: 'precious' }, context(intent))).toMatchObject({
    state: 'done',
    output: intent,
  });
  expect((await stage.cloud.actions(id)).filter(({ action }) => action === 'lock')).toHaveLength(1);
});

test('a lock that failed leaves a record of the flag alone, and a flag that failed leaves none', async () => {
  const input = { server: id, name: 'x', project: 'p', text: 'precious', until: null, move: true };
  expect(await record(input, context(null, [endedStep('flag', 'failed', null)]))).toMatchObject({ state: 'gone' });
  await setFlag({ server: id }, context());
  await record(input, context(null, [endedStep('flag', 'done', { before: false }), endedStep('lock', 'failed', null)]));
  expect(await protectionOf(leases, stage.cloud.databases, id)).toMatchObject({
    flag: true,
    staysPut: true,
    words: 'protected by alice (precious), stays on its host',
    lease: { detail: { flagBefore: false, lock: null } },
  });
});

test('undoing twice is harmless, and a lock that changed hands is left alone', async () => {
  await setFlag({ server: id }, context());
  await clearFlag({ server: id }, context());
  expect(await clearFlag({ server: id }, context({ before: true }))).toMatchObject({
    state: 'done',
    note: 'off, read back',
  });
  await stage.cloud.lock(id, 'mine now', limits());
  expect(await clearLock({ server: id, reason: ours }, context())).toMatchObject({ state: 'gone' });
  expect(await stage.cloud.server(id)).toMatchObject({ locked: true, lockedReason: 'mine now' });
});

test('a record whose server is deleted is shown as such, and can be ended by name', async () => {
  const subject = randomUUID();
  const detail = { name: 'long-gone', project: 'p', flagBefore: false, lock: null, move: false };
  await leases.take({ kind: 'server', subject, reason: 'old', until: null, detail, undo: `unprotect ${subject}` });
  const said = wordsOf(await overview(plan()));
  expect(said).toContain(`the server is deleted: unprotect ${subject} ends the record`);
  const { steps } = await unprotectPlan(
    { kind: 'server', server: 'long-gone' },
    { adopt: false, reason: undefined },
    plan(),
  );
  expect(steps.map(({ step }) => step)).toEqual(['forget']);
});
