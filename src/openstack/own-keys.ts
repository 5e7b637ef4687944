import type { BucketEntry, Entry } from './cloud-entry.ts';
import { type BackupSettings, type CloudConfig, defaultSettings, type Target } from './config.ts';

// What stands under `vigie` in a cloud's entry of clouds.yaml, as the rest of vigie takes it.

export function hooksOf({ vigie }: Entry): CloudConfig['hooks'] {
  return Object.entries(vigie.hooks ?? {}).map(([name, { timeout: timeoutMs, ...rest }]) => ({
    name,
    timeoutMs,
    ...rest,
  }));
}

export function settingsOf({ vigie }: Entry, hooks: CloudConfig['hooks']): CloudConfig['settings'] {
  return {
    lanes: vigie.lanes ?? defaultSettings.lanes,
    serverDeadline: vigie.server_deadline ?? defaultSettings.serverDeadline,
    totalDeadline: vigie.total_deadline ?? defaultSettings.totalDeadline,
    hostMaintenance: vigie.host_maintenance ?? defaultSettings.hostMaintenance,
    sharedStorage: vigie.shared_storage ?? defaultSettings.sharedStorage,
    hooks: hooks.map(({ name, at, always, required }) => ({ name, at, always, required })),
    pollInterval: vigie.poll_interval ?? defaultSettings.pollInterval,
    watchInterval: vigie.watch_interval ?? defaultSettings.watchInterval,
  };
}

export function dsnsOf({ vigie }: Entry): CloudConfig['dsns'] {
  return {
    novaApi: vigie.nova_api ?? null,
    cells: vigie.cells ?? {},
    keystone: vigie.keystone ?? null,
    keystoneWriter: vigie.keystone_writer ?? null,
    keystoneReplicas: vigie.keystone_replicas ?? [],
    scratch: vigie.scratch ?? null,
    runbooks: vigie.runbooks
      ? {
          novaApi: vigie.runbooks.nova_api ?? null,
          cells: vigie.runbooks.cells ?? {},
          keystone: vigie.runbooks.keystone ?? null,
        }
      : null,
  };
}

export function archiveOf({ vigie: { archive } }: Entry): Required<CloudConfig>['archive'] {
  if (!archive) return null;
  return {
    folder: archive.folder,
    publicKey: archive.public_key ?? null,
    privateKey: archive.private_key ?? null,
  };
}

export function backupOf({ vigie: { backup } }: Entry): BackupSettings | null {
  const target = targetOf(backup?.bucket ?? backup?.folder);
  if (!backup || target === null) return null;
  return {
    target,
    publicKey: backup.public_key ?? null,
    privateKey: backup.private_key ?? null,
    servers: backup.servers,
    scratch: backup.scratch ?? null,
    copies: targetOf(backup.copies),
    keep: backup.keep,
    keyIds: { fernet: backup.fernet_keys ?? null, credential: backup.credential_keys ?? null },
  };
}

function targetOf(said: string | BucketEntry | undefined): Target | null {
  if (said === undefined || typeof said === 'string') return said ?? null;
  const { access_key: accessKey, secret_key: secretKey, path_style: pathStyle, cacert = null, ...rest } = said;
  return { ...rest, accessKey, secretKey, pathStyle, cacert };
}
