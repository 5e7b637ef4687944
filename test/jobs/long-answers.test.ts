import { afterEach, expect, test } from 'vitest';
import job from '../../commands/job.ts';
import { query } from '../../src/command/make.ts';
import { register, registryOf } from '../../src/command/registry.ts';
import type { Cloud } from '../../src/openstack/cloud.ts';
import { openStory, type Story } from '../story.ts';

const rows = Array.from({ length: 12_000 }, (_, number) => [
  `server-${number}`,
  'ACTIVE',
  'a long enough cell to count',
]);
const list = query({
  summary: 'List',
  examples: ['list'],
  role: 'reader',
  args: {},
  answer: async () => ({
    title: '12000 servers',
    tone: 'plain',
    blocks: [{ kind: 'table', columns: ['name', 'status', 'why'], rows }],
  }),
});
let story: Story;
afterEach(() => story.stop());

test('an answer too long for a row shows its beginning, says what is missing, and is whole in its file', async () => {
  const registry = registryOf([register('list', list), register('job', job)]);
  story = await openStory({ registry, clouds: { demo: async () => ({ name: 'demo' }) as Cloud } });
  const report = await story.say('rita', '!list');
  expect(Buffer.byteLength(JSON.stringify(report))).toBeLessThan(256 * 1024);
  expect(report.blocks[0]).toMatchObject({ kind: 'table', rows: { length: 41 } });
  expect(JSON.stringify(report)).toContain('11960 more rows are in the file');
  const id = await story.lastJob();
  let whole = '';
  for (let page = 1; ; page += 1) {
    const shown = await story.say('rita', `!job ${id} file ${page}`);
    const block = shown.blocks[0];
    if (block?.kind !== 'code') break;
    whole += block.text;
  }
  expect(whole.split('\n')).toHaveLength(12_001);
  expect(whole).toContain('server-11999\tACTIVE');
});
