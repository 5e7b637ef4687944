/** A server as Nova sends it, with a uuid that sorts and reads like its one-letter name. */
export function uuid(name: string): string {
  return `${name.repeat(8)}-58b1-40a5-bd82-a67023188df1`;
}

export function server(name: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    id: uuid(name),
    name,
    status: 'ACTIVE',
    tenant_id: 'p1',
    user_id: 'u1',
    metadata: {},
    image: '',
    flavor: { vcpus: 1, ram: 512, disk: 1, original_name: 'small', extra_specs: {} },
    created: '2026-11-22T22:21:16Z',
    updated: '2026-11-22T22:21:19Z',
    'OS-EXT-SRV-ATTR:host': 'cmp1',
    'OS-EXT-STS:task_state': null,
    'OS-EXT-STS:vm_state': 'active',
    'os-extended-volumes:volumes_attached': [{ id: 'v' }],
    ...more,
  };
}
