import { setTimeout as delay } from 'node:timers/promises';

export interface SimulatorOptions {
  /** `mysql://user:password@host:port` or the path of a socket (then the user is root). */
  readonly mysql: string;
  /** Put before the names of the databases, so that several simulators can share one server. */
  readonly prefix?: string;
  readonly host?: string;
  readonly port?: number;
  readonly hosts?: number;
  readonly servers?: number;
  /** Servers that were deleted and never archived. */
  readonly deletedServers?: number;
  readonly seed?: number;
  readonly now?: () => Date;
  readonly sleep?: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  /** How many times faster than real time everything happens here, down to when a silent host counts as down. */
  readonly speed?: number;
  readonly migrateSeconds?: number;
  /** Guests that a host sends at once: nova's max_concurrent_live_migrations. */
  readonly lanes?: number;
  readonly region?: string;
  /** The newest microversion this cloud knows, as `2.93`. */
  readonly maxMicroversion?: string;
  readonly tokens?: 'fernet' | 'uuid';
  /** Rows to start with in keystone's token table. */
  readonly tokenRows?: number;
  readonly cells?: 1 | 2;
  readonly serviceDownSeconds?: number;
  readonly reportSeconds?: number;
  readonly rpcTimeoutSeconds?: number;
  readonly tokenSeconds?: number;
  readonly tokenCacheSeconds?: number;
}

export type Settings = Required<SimulatorOptions>;

export function settingsOf(options: SimulatorOptions): Settings {
  const speed = options.speed ?? 1;
  return {
    prefix: '',
    host: '127.0.0.1',
    port: 0,
    hosts: 4,
    servers: 12,
    deletedServers: 0,
    seed: 1,
    now: () => new Date(),
    sleep: (milliseconds, signal) => delay(milliseconds / speed, undefined, { signal }),
    migrateSeconds: 0,
    lanes: 1,
    region: 'RegionOne',
    maxMicroversion: '2.93',
    tokens: 'fernet',
    tokenRows: 0,
    cells: 1,
    serviceDownSeconds: 12,
    reportSeconds: 3,
    rpcTimeoutSeconds: 60,
    tokenSeconds: 3600,
    tokenCacheSeconds: 300,
    ...options,
    speed,
  };
}
