import { expect, test } from 'vitest';
import { mustBeVirtual } from '../../src/command/drain/survey.ts';
import type { CloudReader } from '../../src/openstack/cloud.ts';
import { cmp1, cmp2 } from './things.ts';

test('a host that stands for bare-metal machines is not emptied', async () => {
  const found = [
    { host: cmp1, type: 'ironic' },
    { host: cmp1, type: 'ironic' },
    { host: cmp2, type: 'QEMU' },
  ];
  const cloud = { hypervisors: async () => found } as unknown as CloudReader; // nothing else is asked
  await expect(mustBeVirtual(cmp1, cloud)).rejects.toThrow('cmp1 stands for 2 bare-metal machines (Ironic)');
  await expect(mustBeVirtual(cmp2, cloud)).resolves.toBeUndefined();
});
