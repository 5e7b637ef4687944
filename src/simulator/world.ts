import type { Chance } from './chance.ts';
import type { Identity } from './keystone/identity.ts';
import type { Settings } from './settings.ts';
import type { Tables } from './tables/tables.ts';

export interface Cell {
  readonly id: number;
  readonly uuid: string;
  readonly name: string;
  readonly database: string;
}

export interface Service {
  readonly id: number;
  readonly uuid: string;
  readonly host: string;
  readonly binary: string;
  readonly created: Date;
  updated: Date;
  disabled: boolean;
  disabledReason: string | null;
  forcedDown: boolean;
  /** Killed: gone until started. Frozen: there, and answers nothing. */
  process: 'running' | 'killed' | 'frozen';
  stopped: Date | null;
}

export interface Resources {
  vcpus: number;
  ram: number;
  disk: number;
}

export interface Host {
  readonly name: string;
  readonly cell: Cell;
  readonly number: number;
  readonly uuid: string;
  readonly service: Service;
  readonly size: Readonly<Resources>;
  /** What placement has given away here. */
  readonly allocated: Resources;
  readonly servers: Set<Server>;
  /** COMPUTE_STATUS_DISABLED in placement: set by nova-compute, so a hung host does not get it. */
  traitDisabled: boolean;
  generation: number;
  /** Live migrations leaving this host, the running one first. */
  readonly leaving: Migration[];
}

export interface Flavor {
  readonly id: string;
  readonly number: number;
  readonly name: string;
  readonly vcpus: number;
  readonly ram: number;
  readonly disk: number;
  readonly extraSpecs: Readonly<Record<string, string>>;
}

/** A Neutron agent. */
export interface Agent {
  readonly id: string;
  readonly host: string;
  readonly binary: string;
  readonly type: string;
  readonly created: Date;
  alive: boolean;
  /** When it fell silent, though it may still count as alive; null while it reports. */
  lastHeard: Date | null;
}

export interface Fault {
  readonly code: number;
  readonly message: string;
  readonly created: Date;
}

export interface ActionEvent {
  readonly event: string;
  readonly host: string;
  readonly started: Date;
  finished: Date | null;
  result: 'Success' | 'Error' | null;
  details: string | null;
}

export interface InstanceAction {
  readonly number: number;
  readonly action: string;
  readonly requestId: string;
  readonly userId: string;
  readonly projectId: string;
  readonly started: Date;
  updated: Date;
  message: string | null;
  readonly events: ActionEvent[];
}

export type VmState =
  | 'active'
  | 'building'
  | 'paused'
  | 'suspended'
  | 'stopped'
  | 'rescued'
  | 'resized'
  | 'soft-delete'
  | 'deleted'
  | 'error'
  | 'shelved'
  | 'shelved_offloaded';

export interface Server {
  readonly id: string;
  readonly number: number;
  readonly project: string;
  readonly user: string;
  readonly flavor: Flavor;
  readonly created: Date;
  readonly reservation: string;
  readonly launchIndex: number;
  /** The zone it asked for; null follows any host. */
  readonly zone: string | null;
  readonly hostname: string;
  /** Its only disk is a volume. */
  readonly bootsFromVolume: boolean;
  /** Manila shares attached to it. */
  readonly shares: readonly Share[];
  name: string;
  description: string | null;
  /** Known once it has a host; until then nova has no row of it in any cell. */
  cell: Cell;
  host: string | null;
  /** Where its own placement allocation is: the new host while it moves. */
  allocation: string | null;
  vmState: VmState;
  taskState: string | null;
  powerState: number;
  progress: number;
  updated: Date;
  launched: Date | null;
  terminated: Date | null;
  lockedBy: 'owner' | 'admin' | null;
  lockedReason: string | null;
  metadata: Record<string, string>;
  tags: string[];
  fault: Fault | null;
  /** What it was before a resize, so that a stopped server stays stopped. */
  before: { vmState: VmState; powerState: number } | null;
  readonly actions: InstanceAction[];
  readonly migrations: Migration[];
}

export interface Share {
  readonly share_id: string;
  readonly status: 'active' | 'inactive';
  readonly tag: string;
}

export interface Migration {
  readonly id: number;
  readonly uuid: string;
  readonly type: 'live-migration' | 'migration' | 'resize' | 'evacuation';
  readonly server: Server;
  readonly userId: string;
  readonly projectId: string;
  readonly created: Date;
  readonly source: string;
  updated: Date;
  status: string;
  dest: string | null;
  sourceNode: string | null;
  destNode: string | null;
  destHost: string | null;
  memory: { total: number; processed: number } | null;
  order: 'abort' | 'complete' | null;
}

export interface ServerGroup {
  readonly id: string;
  readonly name: string;
  readonly policy: 'affinity' | 'anti-affinity' | 'soft-affinity' | 'soft-anti-affinity';
  readonly project: string;
  readonly user: string;
  readonly rules: { readonly max_server_per_host?: number };
  readonly members: Set<string>;
}

export interface Aggregate {
  readonly id: number;
  readonly uuid: string;
  readonly created: Date;
  updated: Date | null;
  name: string;
  hosts: string[];
  metadata: Record<string, string>;
}

export type FailPhase = 'precheck' | 'pre' | 'run' | 'crash' | 'hang' | 'cold' | 'abort';

/** One change of a migration, as it happened. */
export interface Entry {
  readonly at: Date;
  readonly migration: number;
  readonly type: Migration['type'];
  readonly server: string;
  readonly status: string;
  readonly source: string;
  readonly dest: string | null;
  /** Who asked for the migration, by name. */
  readonly by: string;
}

export interface World {
  readonly settings: Settings;
  readonly chance: Chance;
  readonly identity: Identity;
  readonly tables: Tables;
  readonly cells: readonly Cell[];
  readonly cell0: Cell;
  /** Cells whose database and message queue nova's API cannot reach. */
  readonly cellsDown: Set<Cell>;
  readonly controllers: Service[];
  readonly hosts: Map<string, Host>;
  readonly flavors: Flavor[];
  readonly images: { readonly id: string; readonly name: string }[];
  readonly servers: Map<string, Server>;
  readonly deleted: Server[];
  readonly migrations: Migration[];
  /** What happened to migrations, oldest first; the oldest are forgotten. */
  readonly journal: Entry[];
  readonly groups: ServerGroup[];
  readonly aggregates: Aggregate[];
  readonly agents: Agent[];
  readonly quotas: Map<string, Record<string, number>>;
  /** Allocations that a migration holds on the source, by the migration's uuid. */
  readonly held: Map<string, { host: string; server: Server }>;
  readonly moving: { seconds: number; fail: { phase: FailPhase; glob: string; times: number }[] };
  readonly next: { service: number; server: number; migration: number; action: number; aggregate: number };
  now(): Date;
  sleep(milliseconds: number): Promise<void>;
  /** Runs beside the request that started it; ends quietly when the simulator stops. */
  spawn(work: () => Promise<void>): void;
}
