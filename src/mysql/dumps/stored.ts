import type { KeyObject } from 'node:crypto';
import { hostname } from 'node:os';
import { basename } from 'node:path';
import { type Keys, openKeys } from '../../archive/place.ts';
import { UserError } from '../../chat/user-error.ts';
import type { DumpPlace, Presence, StoredDump } from '../../openstack/cloud.ts';
import type { BackupSettings } from '../../openstack/config.ts';
import { mustBeAsWritten, type Store, transfer } from '../../stores/store.ts';
import { openTarget, storeOf } from '../../stores/target.ts';
import { keyIds } from './keys.ts';
import { filesOf } from './manifest.ts';

/** Where a cloud's dumps go, and the keys they are sealed to and opened with. */
export interface Stores {
  readonly settings: BackupSettings;
  readonly keys: Keys;
  readonly target: Store;
  readonly copies: Store | null;
}

export function openStores(settings: BackupSettings, cloud: string): Stores {
  return {
    settings,
    keys: openKeys(settings, cloud, 'backup'),
    target: openTarget(settings.target),
    copies: settings.copies === null ? null : openTarget(settings.copies, { mounted: true }),
  };
}

/** What dumps are sealed to; null where they are written in clear, which no store off this host may have. */
export function sealingKey({ settings: { publicKey }, keys, target, copies }: Stores): KeyObject | null {
  if (publicKey === null || publicKey === 'none') for (const store of [target, copies]) mustStayHere(store);
  return keys.sealTo();
}

function mustStayHere(store: Store | null): void {
  if (store?.offHost)
    throw new UserError(
      `${store.name} is off this host, and what goes there must be sealed: set public_key in vigie.backup`,
    );
}

export async function placeOf(stores: Stores): Promise<DumpPlace> {
  const { settings, keys, target, copies } = stores;
  const key = sealingKey(stores);
  return {
    host: hostname(),
    target: target.localPath('') === null ? target.name : `${hostname()}:${target.name}`,
    freeBytes: await target.freeBytes(),
    keyId: key === null ? null : keys.keyIdOf(key),
    copies: copies?.name ?? null,
    keep: settings.keep,
    keys: await keyIds(settings),
  };
}

/** Throws `UserError` where it is in a bucket that nobody names any more. */
export function storeOfDump({ target, copies }: Stores, path: string): Store {
  return storeOf(path, basename(path), copies === null ? [target] : [target, copies]);
}

/** On the day of a restore nothing need be configured any more: then people say where the bucket is. */
export function endpointOf(stores: Stores | null, path: string): string | null {
  if (path.startsWith('/')) return null;
  const known = [stores?.target, stores?.copies].find((store) => store?.pathOf(basename(path)) === path);
  return known?.endpoint ?? 'ENDPOINT';
}

/** Whoever asks how things stand does not wait for a store that hangs. */
const lookMs = 20_000;

export async function look(stores: Stores, { path, facts }: Omit<StoredDump, 'signal'>): Promise<Presence> {
  const limit = AbortSignal.timeout(lookMs);
  try {
    const store = storeOfDump(stores, path);
    const sizes = await Promise.all(filesOf(basename(path)).map((file) => store.sizeOf(file, limit)));
    if (!sizes.includes(null)) return 'there';
    // Several workers may share the folder, or the host may have got another name.
    return store.offHost || facts.host === hostname() ? 'gone' : { unseen: `on ${facts.host}` };
  } catch (error) {
    if (limit.aborted) return { unseen: 'its store does not answer in time' };
    if (error instanceof UserError) return { unseen: error.message };
    throw error;
  }
}

/** Read back from there: a file system of another machine says yes to many things. */
export async function copy(stores: Stores, { path, facts, signal }: StoredDump): Promise<string | null> {
  const { copies: to } = stores;
  if (to === null) return null;
  if (facts.keyId === null) mustStayHere(to);
  const name = basename(path);
  const from = storeOfDump(stores, path);
  const expected = { ...facts, signal };
  await to.sweep(name, /^$/);
  await transfer(name, { from, to }, expected);
  await mustBeAsWritten(to, name, expected);
  return to.pathOf(name);
}

export async function remove(stores: Stores, path: string): Promise<void> {
  for (const store of new Set([storeOfDump(stores, path), stores.copies]))
    for (const file of filesOf(basename(path))) await store?.remove(file);
}
