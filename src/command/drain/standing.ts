import type { Server } from '../../openstack/cloud.ts';

/** What Nova can do with a server in this state; `passing` will be something else soon. */
export type Verdict = 'live' | 'cold' | 'skip' | 'wait' | 'ask' | 'blocked';

export interface Standing {
  readonly verdict: Verdict;
  readonly why: string;
}

const passing = ['BUILD', 'REBOOT', 'HARD_REBOOT', 'PASSWORD', 'MIGRATING', 'RESIZE', 'REVERT_RESIZE', 'REBUILD'];

/** Nova moves ACTIVE and PAUSED live, SHUTOFF cold, and nothing else; a stale task on an ERROR server never passes. */
export function standing(server: Server): Standing {
  if (isPassing(server)) return { verdict: 'wait', why: busyWith(server) };
  switch (server.status) {
    case 'ACTIVE':
    case 'PAUSED':
      return { verdict: 'live', why: server.status === 'PAUSED' ? 'stays PAUSED' : '' };
    case 'SHUTOFF':
      return { verdict: 'cold', why: 'stopped, stays stopped' };
    case 'VERIFY_RESIZE':
      return { verdict: 'ask', why: 'a resize that is not ours waits to be confirmed or reverted' };
    case 'SOFT_DELETED':
    case 'DELETED':
      return { verdict: 'skip', why: 'deleted by its owner; its disk stays until Nova reclaims it' };
    case 'SHELVED_OFFLOADED':
      return { verdict: 'skip', why: 'shelved, on no host' };
    default:
      return { verdict: 'blocked', why: hindrance(server) };
  }
}

/** Something is being done to it, or its cell does not answer: look again later. */
export function isPassing({ status, taskState }: Server): boolean {
  if (status === 'UNKNOWN' || passing.includes(status)) return true;
  return taskState !== null && status !== 'ERROR';
}

function busyWith({ status, taskState }: Server): string {
  if (status === 'UNKNOWN') return 'its cell does not answer';
  return taskState === null ? status : `${status}, ${taskState}`;
}

function hindrance({ status, fault }: Server): string {
  if (status === 'ERROR') return `ERROR${fault === null ? '' : `: ${fault.message}`}; Nova does not move it`;
  return `${status}: Nova moves only ACTIVE, PAUSED and SHUTOFF servers`;
}
