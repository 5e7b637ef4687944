import { volumeSizes } from './cinder.ts';
import type { Cloud, CloudAbout, CloudReader, Databases, HookRun, OwnToken } from './cloud.ts';
import type { CloudConfig } from './config.ts';
import { runHook } from './hooks.ts';
import { type Log, openHttp } from './http.ts';
import { type CredentialGate, openKeystone } from './keystone.ts';
import { listAgents } from './neutron.ts';
import { openFlavors } from './nova-flavors.ts';
import { listAggregates, listServerGroups } from './nova-groups.ts';
import { listHypervisors } from './nova-hypervisors.ts';
import { openLatest } from './nova-latest.ts';
import { listActions, listMigrations, listServerMigrations, showAction } from './nova-migrations.ts';
import {
  abortMigration,
  coldMigrate,
  confirmResize,
  evacuate,
  forceComplete,
  liveMigrate,
  lock,
  unlock,
} from './nova-moves.ts';
import { findServers, listServers, showServer } from './nova-servers.ts';
import { computeService, forceDown, listServices, setHostMaintenance, setServiceStatus } from './nova-services.ts';
import { countShares } from './nova-shares.ts';
import { allocationsOf, candidatesFor } from './placement.ts';
import { openHoldings } from './placement-held.ts';
import { roomOf } from './placement-room.ts';
import { listProjects } from './projects.ts';
import { readServerList } from './server-lists.ts';
import { openSession, type Session } from './session.ts';
import { userName } from './users.ts';

export interface ConnectParts {
  readonly name: string;
  readonly config: CloudConfig;
  readonly databases: Databases;
  readonly gate: CredentialGate;
  readonly log: Log;
  now(): Date;
  sleep(ms: number): Promise<void>;
}

export type ConnectedCloud = Cloud & {
  ownToken(): Promise<OwnToken>;
  /** What `about` says, after one small request that shows that the cloud answers us now. */
  probe(): Promise<CloudAbout>;
  close(): Promise<void>;
};

/** One OpenStack as commands see it. Nothing is asked of it before the first call. */
export function connectCloud(parts: ConnectParts): ConnectedCloud {
  const { name, config, gate, log, now, sleep } = parts;
  const http = openHttp({ cloud: name, tls: config.tls, timeoutMs: config.timeoutMs, log, sleep });
  const keystone = openKeystone({ config, http, gate, now });
  const session = openSession({ config, http, keystone });
  return {
    ...reader(session, parts),
    ...writer(session, name),
    runHook: (hook, about) => runNamed(config, hook, about),
    databases: parts.databases,
    ownToken: () => session.token(),
    probe: async () => {
      await session.ask('compute', { path: '/flavors', query: { limit: 1 } });
      return about(session);
    },
    close: () => http.close(),
  };
}

function reader(session: Session, { name, config, now }: ConnectParts): Omit<CloudReader, 'databases'> {
  const source = { session, cloud: name, flavors: openFlavors(session, name, now) };
  const placed = { session, cloud: name, holdings: openHoldings(session, name) };
  return {
    name,
    settings: config.settings,
    about: () => about(session),
    services: (filter = {}) => listServices(session, name, filter),
    computeService: (host) => computeService(session, name, host),
    hypervisors: (filter = {}) => listHypervisors(session, name, filter.host),
    servers: (filter) => listServers(source, filter),
    server: (id) => showServer(source, id),
    findServers: (reference, limit) => findServers(source, reference, limit),
    migrations: (filter) => listMigrations(session, name, filter),
    latestLeaving: openLatest(session, name, now),
    serverMigrations: (id) => listServerMigrations(session, name, id),
    actions: (id) => listActions(session, name, id),
    action: (id, requestId) => showAction(session, name, id, requestId),
    shares: (id) => countShares(session, name, id),
    serverGroups: () => listServerGroups(session, name),
    aggregates: () => listAggregates(session, name),
    projects: () => listProjects(session, name),
    userName: (id) => userName(session, name, id),
    serverList: (list) => readServerList(config.lists ?? null, list, name),
    allocations: (host) => allocationsOf(session, name, host),
    candidates: (server) => candidatesFor(session, name, server),
    room: (hosts, known = {}) => roomOf(placed, { hosts, ...known }),
    volumeSizes: (ids) => volumeSizes(session, name, ids),
    agents: (host) => listAgents(session, name, host),
  };
}

async function runNamed(
  { hooks }: CloudConfig,
  name: string,
  about: Readonly<Record<string, string>>,
): Promise<HookRun> {
  const hook = hooks.find((one) => one.name === name);
  return hook === undefined ? { well: false, said: `clouds.yaml has no hook ${name} any more` } : runHook(hook, about);
}

function writer(session: Session, name: string): Omit<Cloud, keyof CloudReader | 'runHook'> {
  return {
    disableService: (host, reason, limits) =>
      setServiceStatus(session, name, { host, status: 'disabled', reason }, limits),
    enableService: (host, limits) => setServiceStatus(session, name, { host, status: 'enabled', reason: null }, limits),
    setHostMaintenance: (host, on, limits) => setHostMaintenance(session, host, on, limits),
    liveMigrate: (id, how, limits) => liveMigrate(session, id, how, limits),
    coldMigrate: (id, { host }, limits) => coldMigrate(session, name, id, host, limits),
    confirmResize: (id, limits) => confirmResize(session, id, limits),
    abortMigration: (id, migration, limits) => abortMigration(session, name, id, migration, limits),
    evacuate: (id, { shared }, limits) => evacuate(session, id, shared, limits),
    forceDown: (host, down, limits) => forceDown(session, name, { host, down }, limits),
    forceComplete: (id, migration, limits) => forceComplete(session, name, id, migration, limits),
    lock: (id, reason, limits) => lock(session, id, reason, limits),
    unlock: (id, limits) => unlock(session, id, limits),
  };
}

/** `project: null` marks a token of the system or a domain: from 2023.1 Nova refuses those. */
async function about(session: Session): Promise<CloudAbout> {
  const token = await session.token();
  const range = (await session.find('compute'))?.range;
  return {
    computeVersion: range?.max ?? { major: 2, minor: 0 },
    user: token.user,
    userId: token.userId,
    project: token.project?.name ?? null,
    roles: token.roles,
    admin: token.roles.some((role) => role.toLowerCase() === 'admin'),
  };
}
