import type { CloudReader } from '../../openstack/cloud.ts';
import { OpenStackError } from '../../openstack/errors.ts';

/** Names by id; empty where this credential may not list projects: then ids are shown. */
export async function projectNames(cloud: CloudReader): Promise<ReadonlyMap<string, string>> {
  try {
    return new Map((await cloud.projects()).map(({ id, name }) => [id, name]));
  } catch (error) {
    if (error instanceof OpenStackError) return new Map();
    throw error;
  }
}
