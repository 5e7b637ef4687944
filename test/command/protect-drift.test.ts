import { expect, test } from 'vitest';
import { alarm } from '../../src/command/protect/alarm.ts';
import { driftsOf, driftWords } from '../../src/command/protect/drift.ts';
import type { Protected } from '../../src/command/protect/look.ts';
import type { ServerLease } from '../../src/command/protection.ts';
import type { Server } from '../../src/openstack/cloud.ts';
import { ServerId } from '../../src/openstack/names.ts';

const now = new Date('2026-11-30T12:00:00Z');
const id = ServerId.parse('6f1c0b3e-58d4-4c07-9a3f-1f0e6f9f2d11');
const ours = 'vigie 7f3a by alice: precious';
const lease: ServerLease = {
  kind: 'server',
  cloud: 'prod',
  subject: id,
  owner: 'alice',
  reason: 'precious',
  job: '7f3a',
  since: now,
  until: null,
  detail: {
    name: 'db-1',
    project: 'p',
    flagBefore: false,
    lock: { ours, before: false, reasonBefore: null },
    move: false,
  },
};

function seen(change: Partial<Protected> & { now?: Partial<Server> }): Protected {
  const { now: as, ...rest } = change;
  const server = { id, status: 'ACTIVE', locked: true, lockedReason: ours, ...as } as Server; // no drift asks for more
  return { id, server, gone: false, unread: null, flag: true, row: null, lease, ...rest };
}

test.each<[string, Parameters<typeof seen>[0], string[]]>([
  ['as it was left', {}, []],
  ['unlocked', { now: { locked: false, lockedReason: null } }, ['lock gone']],
  ['locked by another hand', { now: { lockedReason: 'theirs' } }, ['lock changed']],
  ['soft-deleted', { now: { status: 'SOFT_DELETED' } }, ['being deleted']],
  [
    'without its flag, and unlocked',
    { flag: false, now: { locked: false, lockedReason: null } },
    ['flag off', 'lock gone'],
  ],
  ['gone', { gone: true, server: null, flag: null }, ['deleted']],
  ['flagged without a record', { lease: null }, ['no record']],
  ['neither flagged nor recorded', { lease: null, flag: false }, []],
  ['not to be read', { server: null, flag: null, unread: 'Nova does not answer' }, []],
  ['locked, where Nova does not tell by whom', { now: { locked: null, lockedReason: null } }, []],
])('a server that is %s', (_what, change, drifts) => {
  expect(driftsOf(seen(change))).toEqual(drifts);
});

test('what could not be read is told beside it, and is no drift', () => {
  expect(driftWords(seen({ server: null, unread: 'Nova does not answer' }), now)).toBe(
    'Nova does not show it: Nova does not answer',
  );
  expect(driftWords(seen({ flag: null }), now)).toBe('the flag could not be read');
  expect(driftWords(seen({ now: { status: 'SOFT_DELETED' } }), now)).toBe('it is being deleted');
});

test('its protector is told who did it, and what puts it right', () => {
  const report = alarm(lease, [
    { drift: 'being deleted', by: 'delete by ops (5c3f), request req-1' },
    { drift: 'lock changed', by: null },
  ]);
  expect(report.title).toBe(
    'alice: db-1 is being deleted: it can still be restored; is locked with another reason: not vigie’s lock any more',
  );
  expect(JSON.stringify(report.blocks)).toContain('delete by ops (5c3f), request req-1');
  expect(JSON.stringify(report.blocks)).toContain('Nova has no record of who asked for it');
  expect(report.replies?.[0]?.line).toBe(`protect ${id} --lock --cloud prod`);
});
