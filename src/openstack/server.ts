import type { HostName, ProjectId, ServerId } from './names.ts';

export interface ServerFilter {
  readonly host?: HostName;
  readonly project?: ProjectId;
  readonly status?: string;
  /** A regular expression to Nova; matches anywhere in the name. */
  readonly name?: string;
  /** Servers being soft-deleted still lie on their host: `true` asks for those only. */
  readonly softDeleted?: boolean;
  /** Below 2.26 there are none, and Nova would leave the filter out in silence. */
  readonly tag?: string;
}

export interface Server {
  readonly id: ServerId;
  readonly name: string;
  readonly project: ProjectId;
  readonly user: string;
  /** Nova's word, upper case: ACTIVE, SHUTOFF, PAUSED, VERIFY_RESIZE, ERROR, MIGRATING …; UNKNOWN where its cell is down. */
  readonly status: string;
  readonly vmState: string | null;
  readonly taskState: string | null;
  readonly powerState: number | null;
  readonly host: HostName | null;
  readonly hypervisor: string | null;
  readonly hostStatus: string | null;
  readonly locked: boolean | null;
  readonly lockedReason: string | null;
  readonly zone: string | null;
  /** What the owner asked for at boot; undefined where the cloud (below 2.96) does not tell. */
  readonly pinnedZone: string | null | undefined;
  readonly flavor: Flavor;
  readonly metadata: Readonly<Record<string, string>>;
  /** Ids of the volumes attached to it. */
  readonly volumes: readonly string[];
  readonly bootsFromVolume: boolean;
  /** Properties of its image, told from 2.98; null where the cloud does not tell them. */
  readonly imageProperties: Readonly<Record<string, string>> | null;
  readonly fault: { message: string; created: Date | null } | null;
  readonly createdAt: Date | null;
  readonly updatedAt: Date | null;
}

export interface Flavor {
  readonly name: string | null;
  readonly vcpus: number | null;
  readonly ramMb: number | null;
  readonly diskGb: number | null;
  /** A second local disk, never on a volume. */
  readonly ephemeralGb: number | null;
  readonly extraSpecs: Readonly<Record<string, string>>;
}

export interface ServerGroup {
  readonly id: string;
  readonly name: string;
  readonly policy: string;
  /** How many members may share a host under anti-affinity (2.64: `max_server_per_host`); 1 where nothing else was said. */
  readonly perHost: number;
  readonly members: readonly string[];
}

/** By resource class, in its unit: VCPU, PCPU, MEMORY_MB, DISK_GB, VGPU … */
export type Amounts = Readonly<Record<string, number>>;

export interface Candidates {
  /** What its flavor asks of a host. */
  readonly needs: Amounts;
  /** Other hosts whose providers have that and the traits, sorted. */
  readonly hosts: readonly HostName[];
  /** What those hosts have and have given away, as Placement answered with them. */
  readonly rooms: readonly Room[];
}

/** A host in Placement, by resource class: `capacity` is (total - reserved) × allocation ratio. */
export interface Room {
  readonly host: HostName;
  readonly capacity: Amounts;
  readonly used: Amounts;
  /** Who holds what of it; left out where nobody asked. */
  readonly consumers?: readonly Consumers[];
}

/** So many servers that hold the same. */
export interface Consumers {
  readonly each: Amounts;
  readonly number: number;
}
