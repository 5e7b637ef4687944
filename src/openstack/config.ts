import type { CloudSettings } from './cloud.ts';
import type { Hook } from './hooks.ts';

/** One cloud as its entry in clouds.yaml describes it, everything resolved. Holds secrets: never logged, never shown. */
export interface CloudConfig {
  readonly name: string;
  readonly authUrl: string;
  readonly login: Login;
  /** Exact; null takes any region, as openstacksdk does. */
  readonly region: string | null;
  /** Preferred first. */
  readonly interfaces: readonly string[];
  /** By service type: `compute`, `placement`, `network`, `volume`. */
  readonly serviceInterfaces: Readonly<Record<string, string>>;
  readonly endpointOverrides: Readonly<Record<string, string>>;
  /** PEM texts, not paths. */
  readonly tls: {
    readonly verify: boolean;
    readonly ca: string | null;
    readonly cert: string | null;
    readonly key: string | null;
  };
  readonly timeoutMs: number | null;
  /** Changes when the credential or the file it stands in changes: a bad credential is remembered under it. */
  readonly fingerprint: string;
  readonly settings: CloudSettings;
  readonly dsns: Dsns;
  readonly archive?: ArchiveSettings | null;
  /** Folder of lists of servers, one file a list. */
  readonly lists?: string | null;
  readonly backup?: BackupSettings | null;
  /** What `settings.hooks` names. */
  readonly hooks: readonly Hook[];
}

export type Login = PasswordLogin | ApplicationCredentialLogin;

export interface PasswordLogin {
  readonly kind: 'password';
  readonly user: Owner;
  readonly password: string;
  readonly scope: Scope;
}

export interface ApplicationCredentialLogin {
  readonly kind: 'application-credential';
  /** By id, or by name and its user. */
  readonly id: string | null;
  readonly name: string | null;
  readonly user: Owner | null;
  readonly secret: string;
}

/** An id alone, or a name in a domain. */
export type Owner = { readonly id: string } | { readonly name: string; readonly domain: Domain | null };
export type Domain = { readonly id: string } | { readonly name: string };
export type Scope =
  | { readonly project: Owner }
  | { readonly domain: Domain }
  | { readonly system: { readonly all: true } }
  | { readonly 'OS-TRUST:trust': { readonly id: string } };

/** The operators' databases, where clouds.yaml names them. */
export interface Dsns {
  readonly novaApi: string | null;
  /** By cell uuid. */
  readonly cells: Readonly<Record<string, string>>;
  readonly keystone: string | null;
  /** The account that archives, purges and indexes tokens; null: the one above. */
  readonly keystoneWriter?: string | null;
  /** Replicas of keystone's database whose lag is watched. */
  readonly keystoneReplicas?: readonly string[];
  /** An empty database to restore into. */
  readonly scratch?: string | null;
  /** The accounts that run runbooks; null: those above. */
  readonly runbooks?: Pick<Dsns, 'novaApi' | 'cells' | 'keystone'> | null;
}

/** Where this worker keeps archives. Paths, not keys. */
export interface ArchiveSettings {
  readonly folder: string;
  /** `none`: in clear; null: nobody said, so nothing is archived. */
  readonly publicKey: string | null;
  readonly privateKey: string | null;
}

/** What of a cloud is backed up, and where to. The DSNs hold passwords, buckets a secret key. */
export interface BackupSettings extends Pick<ArchiveSettings, 'publicKey' | 'privateKey'> {
  readonly target: Target;
  readonly servers: Readonly<Record<string, BackupServer>>;
  /** Where throw-away servers live while a dump is proven; null: in the target, which is a folder then. */
  readonly scratch: string | null;
  /** A second one, which is not on this host. */
  readonly copies: Target | null;
  /** Proven ones that stay for each server. */
  readonly keep: number;
  /** Files that whoever backs up keystone's key repositories keeps: the id of the last one, on its first line. */
  readonly keyIds: { readonly fernet: string | null; readonly credential: string | null };
}

/** The path of a folder, or a bucket. */
export type Target = string | BucketSettings;

/** A bucket of an S3-compatible store. */
export interface BucketSettings {
  /** `https://s3.example.net:8080` */
  readonly endpoint: string;
  readonly name: string;
  /** What names in it begin with; empty, or `prod-eu/`. */
  readonly prefix: string;
  readonly region: string;
  readonly accessKey: string;
  readonly secretKey: string;
  /** `endpoint/bucket/name` instead of `bucket.endpoint/name`. */
  readonly pathStyle: boolean;
  /** Of the endpoint's CA: the path of a PEM file. */
  readonly cacert: string | null;
}

export interface BackupServer {
  readonly dsn: string;
  readonly databases: readonly string[];
  /** Of these, such as may have no tables at all. */
  readonly empty: readonly string[];
}

export const defaultSettings: CloudSettings = {
  lanes: 8,
  serverDeadline: 30 * 60_000,
  totalDeadline: 6 * 3_600_000,
  hostMaintenance: false,
  sharedStorage: false,
  hooks: [],
  pollInterval: 2000,
  watchInterval: 5 * 60_000,
};
