import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { ArchiveSettings } from '../../src/archive/place.ts';
import type { Block, Report } from '../../src/chat/report.ts';
import { connectDatabases, type OperatorDsns } from '../../src/mysql/databases.ts';
import type { Cloud } from '../../src/openstack/cloud.ts';
import { type CloudConfig, defaultSettings } from '../../src/openstack/config.ts';
import { connectCloud } from '../../src/openstack/connect.ts';
import { openRunbooks } from '../../src/runbooks/folder.ts';
import { type Simulator, type SimulatorOptions, startSimulator } from '../../src/simulator/simulator.ts';
import { openGate } from '../openstack-client/fake-cloud.ts';
import { plantSecrets } from '../setup/secrets.ts';
import { mariadbUrl } from '../setup/servers.ts';
import { openStory, type Story } from '../story.ts';

/** A simulated cloud with its databases, and a bot and a worker in front of it. */
export interface Stage {
  readonly simulator: Simulator;
  readonly cloud: Cloud;
  readonly story: Story;
  close(): Promise<void>;
}

export async function openStage(
  options: Partial<SimulatorOptions> = {},
  dsns: Partial<OperatorDsns> | ((simulated: Simulator['dsns']) => Promise<Partial<OperatorDsns>>) = {},
  {
    archive = null,
    policy,
    runbooks = [],
  }: { archive?: ArchiveSettings | null; policy?: string; runbooks?: string[] } = {},
): Promise<Stage> {
  const simulator = await startSimulator({
    mysql: mariadbUrl(),
    prefix: `s${randomBytes(4).toString('hex')}_`,
    ...options,
  });
  await plantSecrets(simulator.dsns);
  const config = configOf(simulator);
  const changed = typeof dsns === 'function' ? await dsns(simulator.dsns) : dsns;
  const databases = connectDatabases({
    cloud: 'demo',
    dsns: { ...simulator.dsns, ...changed },
    archive,
    runbooks: openRunbooks(['runbooks', ...runbooks]),
    ownToken: () => cloud.ownToken(),
    now: () => new Date(),
  });
  const cloud = connectCloud({
    name: 'demo',
    config,
    databases,
    gate: openGate,
    log: { debug: () => undefined, warn: () => undefined },
    now: () => new Date(),
    sleep: (ms) => delay(ms),
  });
  const story = await openStory({ clouds: { demo: async () => cloud }, ...(policy && { policy }) });
  return {
    simulator,
    cloud,
    story,
    close: async () => {
      await story.stop();
      await cloud.close();
      await databases.close();
      await simulator.stop();
    },
  };
}

/** All the words of a report, a line per row. */
export function wordsOf(report: Report): string {
  return [report.title, ...report.blocks.map(linesOf), ...(report.calls ?? [])].join('\n');
}

function linesOf(block: Block): string {
  switch (block.kind) {
    case 'text':
    case 'code':
      return block.text;
    case 'fields':
      return block.fields.map(([label, value]) => `${label}: ${value}`).join('\n');
    case 'table':
      return [block.columns, ...block.rows].map((row) => row.join(' | ')).join('\n');
    case 'steps':
      return block.steps.map(({ label, state, note }) => `${state}: ${label} ${note}`).join('\n');
    case 'chart':
      return [block.label, ...block.points.map(({ at, value }) => `${at} ${value}`)].join('\n');
    case 'file':
      return block.name;
  }
}

function configOf(simulator: Simulator): CloudConfig {
  const admin = simulator.users.find(({ name }) => name === 'admin');
  if (admin === undefined) throw new Error('the simulator has no admin');
  return {
    name: 'demo',
    authUrl: simulator.url,
    login: {
      kind: 'password',
      user: { id: admin.id },
      password: admin.password,
      scope: { project: { name: admin.project ?? 'admin', domain: { id: 'default' } } },
    },
    region: simulator.region,
    interfaces: ['public'],
    serviceInterfaces: {},
    endpointOverrides: {},
    tls: { verify: true, ca: null, cert: null, key: null },
    timeoutMs: null,
    fingerprint: simulator.url,
    settings: { ...defaultSettings, pollInterval: 50 },
    hooks: [],
    dsns: { novaApi: null, cells: {}, keystone: null },
  };
}
