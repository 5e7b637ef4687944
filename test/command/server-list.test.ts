import { expect, test } from 'vitest';
import type { PlanContext } from '../../src/command/command.ts';
import { serverList } from '../../src/command/inventory/servers.ts';
import type { CloudReader } from '../../src/openstack/cloud.ts';
import { HostName } from '../../src/openstack/names.ts';
import { aServer, aService } from '../drain/things.ts';

const everything = { host: undefined, project: undefined, status: undefined, name: undefined };
const many = 20_000;

/** A cloud that only answers what a list of servers asks. */
function contextOf(lost: readonly string[]): PlanContext {
  const reader: Partial<CloudReader> = {
    name: 'demo',
    services: async () => lost.map((host) => ({ ...aService(), host: HostName.parse(host), status: 'unknown' })),
    async *servers() {
      for (let number = many; number > 0; number -= 1)
        yield aServer({ name: `web-${number}`, status: number % 4 === 0 ? 'SHUTOFF' : 'ACTIVE' });
    },
    projects: async () => [],
  };
  const context: Partial<PlanContext> = { cloud: reader as CloudReader, signal: new AbortController().signal };
  return context as PlanContext; // what the list does not ask for is not there
}

test('every server is a row, in the order people count', async () => {
  const { title, tone, blocks } = await serverList(everything, contextOf([]));

  expect([title, tone]).toEqual(['demo: 20000 servers', 'plain']);
  expect(blocks[0]).toEqual({ kind: 'text', text: '15000 ACTIVE, 5000 SHUTOFF' });
  const table = blocks.find(({ kind }) => kind === 'table');
  const rows = table?.kind === 'table' ? table.rows : [];
  expect(rows.map(([name]) => name).filter((_name, at) => at < 3 || at === many - 1)).toEqual([
    'web-1',
    'web-2',
    'web-3',
    'web-20000',
  ]);
});

test('hosts whose servers are not in the list come first', async () => {
  const { tone, blocks } = await serverList(everything, contextOf(['cmp3', 'cmp4']));

  expect(tone).toBe('warn');
  expect(blocks[0]).toEqual({
    kind: 'text',
    text: 'A cell is unreachable: servers on cmp3, cmp4 are not in this list.',
  });
});
