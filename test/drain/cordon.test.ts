import { expect, test } from 'vitest';
import type { StepContext } from '../../src/command/command.ts';
import { type CordonInput, cordon } from '../../src/command/drain/cordon.ts';
import { HostDetail, markOf } from '../../src/command/drain/host-lease.ts';
import type { Agent, Cloud, Service } from '../../src/openstack/cloud.ts';
import { defaultSettings } from '../../src/openstack/config.ts';
import { aService, cmp1 } from './things.ts';

const job = { id: '7f3a', human: 'alice', line: 'maintenance cmp1' };
const mark = markOf(job, 'fans');
const dead = aService({ state: 'down' });
const closed = aService({ state: 'down', status: 'disabled', disabledReason: mark });
const wroteAt = new Date('2026-11-29T03:00:00Z');

interface Ways {
  readonly begun?: boolean;
  readonly more?: Partial<CordonInput>;
  agents?(): Promise<Agent[] | null>;
}

/** A worker takes over 4 s after another wrote down that it would close the host; it sees `looks`, one after the other. */
async function takenOver(looks: readonly Service[], { begun = true, more, agents = async () => [] }: Ways = {}) {
  const seen = [...looks];
  const sleeps: number[] = [];
  const taken: string[] = [];
  let kept: unknown;
  const cloud: Partial<Cloud> = {
    settings: defaultSettings,
    computeService: async () => (seen.length > 1 ? seen.shift() : seen[0]) ?? null,
    agents,
    disableService: async () => {
      throw new Error('a dead host was asked for');
    },
  };
  const context: Partial<StepContext> = {
    cloud: cloud as Cloud, // what closing a host does not ask for is not there
    job,
    checkpoint: begun ? { before: { status: 'enabled', reason: null } } : null,
    checkpointAt: begun ? wroteAt : null,
    startedAt: wroteAt,
    now: () => new Date(wroteAt.getTime() + 4000),
    sleep: async (ms) => void sleeps.push(ms),
    act: (_intent, request) => request({ signal: new AbortController().signal, notAfter: Number.POSITIVE_INFINITY }),
    leases: {
      find: async () => null,
      list: async () => [],
      take: async ({ subject, detail }) => {
        taken.push(subject);
        kept = detail;
      },
      end: async () => {},
    },
  };
  const input = { host: cmp1, kind: 'drain', text: 'fans', until: null, adopt: false, ...more } as const;
  const outcome = await cordon(input, context as StepContext); // as above
  const detail = HostDetail.safeParse(kept).data;
  const waits = detail === undefined ? null : { agents: detail.agents, unknown: detail.agentsUnknown };
  return { state: outcome.state, note: 'note' in outcome ? outcome.note : '', sleeps, taken, waits };
}

test('a dead host is not closed for a request that never left: evacuation is named once it can come no more', async () => {
  const { note, ...rest } = await takenOver([dead]);
  expect(rest).toEqual({ state: 'failed', sleeps: [6000], taken: [], waits: null });
  expect(note).toContain('evacuate cmp1 --fenced');
});

test('a request that landed late is brought to its end, and the host is ours', async () => {
  expect(await takenOver([dead, closed])).toMatchObject({ state: 'done', sleeps: [6000], taken: ['cmp1'] });
});

test('a host that carries our mark is brought to its end at once', async () => {
  expect(await takenOver([closed])).toMatchObject({ state: 'done', sleeps: [], taken: ['cmp1'] });
});

test('a dead host that was never asked for is refused at once', async () => {
  expect(await takenOver([dead], { begun: false })).toMatchObject({ state: 'failed', sleeps: [], taken: [] });
});

test('what is waited for before it is opened: the agents alive when it was closed, and on a dead host all of them', async () => {
  const agent = (binary: string, alive: boolean): Agent => ({ binary, type: binary, alive, heardAt: null });
  const agents = async () => [agent('neutron-l3-agent', false), agent('neutron-ovs-agent', true)];
  expect((await takenOver([closed], { agents })).waits).toEqual({ agents: ['neutron-ovs-agent'], unknown: null });
  const evacuated = await takenOver([closed], { agents, more: { dead: true } });
  expect(evacuated.waits).toEqual({ agents: ['neutron-l3-agent', 'neutron-ovs-agent'], unknown: null });
});

test('where nobody tells which agents it has, that is kept: it is no health', async () => {
  const agents = async () => null;
  expect((await takenOver([closed], { agents })).waits).toEqual({ agents: [], unknown: 'the cloud has no agents API' });
});
