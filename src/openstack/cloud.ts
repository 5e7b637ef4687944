import type { Databases, DatabasesReader } from './database-ports.ts';
import type { HostName, ProjectId, ServerId } from './names.ts';
import type { Candidates, Room, Server, ServerFilter, ServerGroup } from './server.ts';

export type { Databases, DatabasesReader, GrowthCount, InstanceRow, TokenTable } from './database-ports.ts';
export type * from './dump-ports.ts';
export type * from './runbook-ports.ts';
export type { Amounts, Candidates, Consumers, Flavor, Room, Server, ServerFilter, ServerGroup } from './server.ts';
export type * from './token-ports.ts';

/**
 * What a command may see (`CloudReader`) and do (`Cloud`) of one OpenStack. Domain values, not wire shapes: every
 * implementation choice by microversion is behind this port. All methods throw `OpenStackError`.
 */
export interface CloudReader {
  readonly name: string;
  readonly settings: CloudSettings;
  /** Is the token admin and project-scoped, which versions does the cloud speak. */
  about(): Promise<CloudAbout>;
  /** os-services. `unreachable` lists services of a cell that is down (status UNKNOWN from 2.69). */
  services(filter?: { host?: HostName; binary?: string }): Promise<Service[]>;
  /** The one nova-compute service of a host, exact match; null where there is none. */
  computeService(host: HostName): Promise<Service | null>;
  hypervisors(filter?: { host?: HostName }): Promise<Hypervisor[]>;
  /** Streamed a page at a time; `deleted: true` lists soft-deleted ones (status SOFT_DELETED) too. */
  servers(filter: ServerFilter): AsyncIterable<Server>;
  server(id: ServerId): Promise<Server>;
  /** By uuid, uuid prefix (4 or more characters) or exact name; at most `limit` matches. */
  findServers(reference: string, limit: number): Promise<Server[]>;
  /** os-migrations, newest first. */
  migrations(filter: MigrationFilter): Promise<Migration[]>;
  /**
   * The newest of those that leave a host, without figures, asked for at most 200 ms ago: all that look at once share a
   * request. Null below 2.59, where Nova tells either all of them or none.
   */
  latestLeaving(host: HostName): Promise<Migration[] | null>;
  /** Live migrations of a server in progress, with memory figures (2.23); empty on older clouds. */
  serverMigrations(id: ServerId): Promise<Migration[]>;
  /** Newest first. */
  actions(id: ServerId): Promise<InstanceAction[]>;
  /** One action with its events: the reason Nova recorded, where it recorded one. */
  action(id: ServerId, requestId: string): Promise<InstanceAction>;
  /** Manila shares attached to a server; null where Nova does not tell. */
  shares(id: ServerId): Promise<number | null>;
  serverGroups(): Promise<ServerGroup[]>;
  aggregates(): Promise<Aggregate[]>;
  projects(): Promise<Project[]>;
  /** The name of a user that Nova tells only by id; null where Keystone does not say. */
  userName(id: string): Promise<string | null>;
  /** The uuids of a list that the operators keep beside the worker (`vigie.lists`), in its order. */
  serverList(name: string): Promise<ServerId[]>;
  /** Consumers holding allocations on this host's resource provider (Placement); null if Placement cannot be asked. */
  allocations(host: HostName): Promise<string[] | null>;
  /** Hosts that could take this server now, by Placement's allocation candidates; null if it cannot be asked. */
  candidates(server: Server): Promise<Candidates | null>;
  /** What these hosts have and who holds what of it, by Placement; null if it cannot be asked. */
  room(hosts: readonly HostName[], known?: RoomsKnown): Promise<Room[] | null>;
  /** GiB of each volume, by id, as far as Cinder tells; null where the cloud has none. */
  volumeSizes(ids: readonly string[]): Promise<ReadonlyMap<string, number> | null>;
  /** Neutron agents on a host; null where the cloud has no agents API. */
  agents(host: HostName): Promise<Agent[] | null>;
  /** The operators' databases, read only. Throws `UserError` naming the DSN that is not configured. */
  readonly databases: DatabasesReader;
}

/**
 * Requests that change the cloud. Each leaves at most once: it is never retried by itself and takes `limits` from
 * the step's `act`, which wrote the intent first.
 */
export interface Cloud extends CloudReader {
  disableService(host: HostName, reason: string, limits: RequestLimits): Promise<Accepted>;
  enableService(host: HostName, limits: RequestLimits): Promise<Accepted>;
  /** os-hosts maintenance_mode: only where `settings.hostMaintenance` declares a driver that has it. */
  setHostMaintenance(host: HostName, on: boolean, limits: RequestLimits): Promise<Accepted>;
  liveMigrate(
    id: ServerId,
    how: { host: HostName | null; block: 'auto' | boolean },
    limits: RequestLimits,
  ): Promise<Accepted>;
  coldMigrate(id: ServerId, how: { host: HostName | null }, limits: RequestLimits): Promise<Accepted>;
  confirmResize(id: ServerId, limits: RequestLimits): Promise<Accepted>;
  abortMigration(id: ServerId, migration: number, limits: RequestLimits): Promise<Accepted>;
  /** Rebuilds a server of a host that is down on another one; `shared` matters below 2.14 only. */
  evacuate(id: ServerId, how: { shared: boolean }, limits: RequestLimits): Promise<Accepted>;
  /** The service's `forced_down`. */
  forceDown(host: HostName, down: boolean, limits: RequestLimits): Promise<Accepted>;
  /** Pauses the guest until its copy is through. */
  forceComplete(id: ServerId, migration: number, limits: RequestLimits): Promise<Accepted>;
  lock(id: ServerId, reason: string, limits: RequestLimits): Promise<Accepted>;
  unlock(id: ServerId, limits: RequestLimits): Promise<Accepted>;
  /** Runs a hook of `settings.hooks` on the worker; `about` becomes its environment. */
  runHook(name: string, about: Readonly<Record<string, string>>): Promise<HookRun>;
  readonly databases: Databases;
}

/** `notAfter`: performance.now() after which the request may not leave any more. */
export interface RequestLimits {
  readonly signal: AbortSignal;
  readonly notAfter: number;
}

export interface Accepted {
  readonly requestId: string | null;
}

/** Per cloud, from vigie's own keys in clouds.yaml. Durations in milliseconds. */
export interface CloudSettings {
  /** At most so many moves of one source posted at a time (`vigie.lanes`); how many it really takes is learnt. */
  readonly lanes: number;
  readonly serverDeadline: number;
  readonly totalDeadline: number;
  /** The cloud's compute driver implements os-hosts maintenance_mode (`vigie.host_maintenance: true`). */
  readonly hostMaintenance: boolean;
  /** Hosts share the disks of their guests (`vigie.shared_storage: true`): an evacuation keeps them. */
  readonly sharedStorage: boolean;
  readonly hooks: readonly HookFacts[];
  /** How often a waiting step looks again, ms. */
  readonly pollInterval: number;
  /** How often protections are looked at unasked, ms. */
  readonly watchInterval: number;
}

/** One of the operators' own programs, as chat may know it: its name and when it runs, never what it is. */
export interface HookFacts {
  readonly name: string;
  readonly at: readonly ('start' | 'empty' | 'work' | 'off')[];
  /** Runs in every maintenance; else only where it is named. */
  readonly always: boolean;
  /** Where it fails at the start, nothing is begun. */
  readonly required: boolean;
}

export interface HookRun {
  readonly well: boolean;
  /** The last line it said, or why it did not end well. */
  readonly said: string;
}

export interface CloudAbout {
  readonly computeVersion: Version;
  readonly user: string;
  /** As instance actions name who asked; null where Keystone does not say. */
  readonly userId: string | null;
  readonly project: string | null;
  readonly roles: readonly string[];
  readonly admin: boolean;
}

/** A microversion as two integers: 2.100 is newer than 2.96. */
export interface Version {
  readonly major: number;
  readonly minor: number;
}

export interface Service {
  readonly id: string;
  readonly host: HostName;
  readonly binary: string;
  readonly zone: string | null;
  readonly status: 'enabled' | 'disabled' | 'unknown';
  readonly state: 'up' | 'down' | 'unknown';
  readonly disabledReason: string | null;
  readonly forcedDown: boolean;
  readonly updatedAt: Date | null;
}

export interface Hypervisor {
  readonly id: string;
  readonly hostname: string;
  readonly host: HostName;
  readonly state: string;
  readonly status: string;
  readonly type: string | null;
  /** Told only where one host was asked for: for all of them Nova would ask its database once per hypervisor. */
  readonly servers: readonly ServerId[] | null;
  readonly usage: { vcpus: number; vcpusUsed: number; memoryMb: number; memoryMbUsed: number; running: number } | null;
}

/** `consumer` as Placement has it: a server's uuid, or a migration's, in whose name the source keeps a place. */
export type NeedsPlace = (host: HostName, consumer: string) => boolean;

export interface RoomsKnown {
  /** Of these only who holds what is asked. */
  readonly told?: readonly Room[];
  /** Whether who holds something of a host would need a place elsewhere without it; left out: everybody does. */
  readonly needsPlace?: NeedsPlace;
}

export interface MigrationFilter {
  readonly server?: ServerId;
  /** It leaves this host or comes to it. */
  readonly host?: HostName;
  /** It leaves this host: of the two Nova's table has an index for this alone. */
  readonly source?: HostName;
  readonly status?: string;
  readonly limit?: number;
}

export interface Migration {
  readonly id: number;
  readonly uuid: string | null;
  readonly server: ServerId;
  readonly type: 'live-migration' | 'migration' | 'resize' | 'evacuation' | 'unknown';
  readonly status: string;
  readonly source: HostName | null;
  readonly destination: HostName | null;
  readonly createdAt: Date | null;
  readonly updatedAt: Date | null;
  /** What a live migration that runs has to copy; null where Nova does not tell. */
  readonly memory: { totalBytes: number; remainingBytes: number } | null;
  readonly disk: { totalBytes: number; remainingBytes: number } | null;
}

export interface InstanceAction {
  readonly action: string;
  readonly requestId: string;
  readonly user: string | null;
  readonly startedAt: Date | null;
  readonly message: string | null;
  readonly events: readonly ActionEvent[];
}

export interface ActionEvent {
  readonly event: string;
  readonly result: string | null;
  readonly details: string | null;
  readonly host: string | null;
  readonly finishedAt: Date | null;
}

export interface Aggregate {
  readonly name: string;
  readonly zone: string | null;
  readonly hosts: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
}

export interface Project {
  readonly id: ProjectId;
  readonly name: string;
}

export interface Agent {
  readonly binary: string;
  readonly type: string;
  readonly alive: boolean;
  /** Its last heartbeat, by Neutron's clock. */
  readonly heardAt: Date | null;
}
