import { dirname } from 'node:path';
import { UserError } from '../chat/user-error.ts';
import type { Target } from '../openstack/config.ts';
import { openBucket } from './bucket.ts';
import { openFolder } from './folder.ts';
import type { Store } from './store.ts';

export function openTarget(target: Target, options?: { mounted: boolean }): Store {
  return typeof target === 'string' ? openFolder(target, options) : openBucket(target);
}

/** Where a path of a row lies: a folder is known by its path, whatever clouds.yaml names today; a bucket is one of `stores`. */
export function storeOf(path: string, file: string, stores: readonly Store[]): Store {
  const known = stores.find((store) => store.pathOf(file) === path);
  if (known !== undefined) return known;
  if (path.startsWith('/')) return openFolder(dirname(path));
  throw new UserError(`${path} is in a bucket that vigie.backup does not name`);
}
