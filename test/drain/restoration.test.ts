import { expect, test } from 'vitest';
import { UserError } from '../../src/chat/user-error.ts';
import { type HostLease, isOurs, markOf } from '../../src/command/drain/host-lease.ts';
import { restoration } from '../../src/command/drain/restore.ts';
import { aService } from './things.ts';

const mark = markOf({ id: '7f3a', human: 'alice' }, 'fans');
const enabledBefore = { status: 'enabled', reason: null } as const;

function aLease(detail: Partial<HostLease['detail']> = {}): HostLease {
  return {
    kind: 'host',
    cloud: 'demo',
    subject: 'cmp1',
    owner: 'alice',
    reason: 'fans',
    job: '7f3a',
    since: new Date(0),
    until: null,
    detail: {
      kind: 'drain',
      before: enabledBefore,
      mark,
      drainBegan: new Date(0),
      agents: [],
      agentsUnknown: null,
      hooks: [],
      moved: [],
      ...detail,
    },
  };
}

const verb = 'maintenance cmp1 off';
const keep = { adopt: false, verb };
const adopt = { adopt: true, verb };
const ours = aService({ status: 'disabled', disabledReason: mark });
const foreign = aService({ status: 'disabled', disabledReason: 'broken disk' });

test('what vigie disabled is enabled again', () => {
  expect(restoration(ours, aLease(), keep)).toMatchObject({ verdict: 'enable', wanted: { status: 'enabled' } });
});

test('what vigie took over is put back as it was found, unless --adopt', () => {
  const lease = aLease({ before: { status: 'disabled', reason: 'AUTO: libvirt is gone' } });
  expect(restoration(ours, lease, keep)).toMatchObject({
    verdict: 'put back',
    wanted: { status: 'disabled', reason: 'AUTO: libvirt is gone' },
  });
  expect(restoration(ours, lease, adopt)).toMatchObject({ verdict: 'enable' });
});

test('what was left to another hand stays so: only our record ends', () => {
  const lease = aLease({ mark: null, before: { status: 'disabled', reason: 'broken disk' } });
  expect(restoration(foreign, lease, keep)).toMatchObject({
    verdict: 'forget',
    wanted: { status: 'disabled', reason: 'broken disk' },
  });
});

test('a reason that is not ours is refused with the line that would enable it', () => {
  expect(() => restoration(foreign, aLease(), keep)).toThrow(/not vigie's.*`maintenance cmp1 off --adopt`/);
  expect(() => restoration(foreign, null, keep)).toThrow(UserError);
  expect(restoration(foreign, null, adopt)).toMatchObject({ verdict: 'enable' });
});

test('a host that is enabled already: the record ends, or there is nothing to undo', () => {
  expect(restoration(aService(), aLease(), keep)).toMatchObject({ verdict: 'forget' });
  expect(() => restoration(aService(), null, keep)).toThrow(/nothing to undo/);
});

test('the reason begins with the job’s id and fits into Nova’s column', () => {
  expect(markOf({ id: '7f3a', human: 'alice' }, 'x'.repeat(300))).toHaveLength(255);
  expect(isOurs(ours, aLease())).toBe(true);
  expect(isOurs({ ...ours, disabledReason: 'vigie 7f3abc by alice: fans' }, aLease())).toBe(false);
});
