import { isOurLock } from '../protection.ts';
import type { Protected } from './look.ts';

/** How a server is not as its protection left it. */
export type Drift = 'deleted' | 'being deleted' | 'flag off' | 'lock gone' | 'lock changed' | 'no record';

/** Only what is known: a flag or a server that could not be read is no drift. */
export function driftsOf(one: Protected): Drift[] {
  const { server, gone, flag, lease } = one;
  if (gone) return ['deleted'];
  if (lease === null) return flag === true ? ['no record'] : [];
  const found: (Drift | null)[] = [
    server !== null && ['SOFT_DELETED', 'DELETED'].includes(server.status) ? 'being deleted' : null,
    flag === false ? 'flag off' : null,
    lockDrift(one),
  ];
  return found.filter((drift) => drift !== null);
}

function lockDrift({ server, lease }: Protected): Drift | null {
  if (lease?.detail.lock?.ours == null || server === null || server.locked === null) return null;
  if (isOurLock(server, lease)) return null;
  return server.locked ? 'lock changed' : 'lock gone';
}

const words: Readonly<Record<Drift, string>> = {
  deleted: 'the server is deleted',
  'being deleted': 'it is being deleted',
  'flag off': 'the flag is off',
  'lock gone': 'vigie’s lock is gone',
  'lock changed': 'locked by another hand',
  'no record': 'no record: flag set by another hand',
};

/** One cell of a table: where flag, lock and record do not agree, and what could not be read; empty where all is well. */
export function driftWords(one: Protected, now: Date): string {
  const { id, lease, flag, unread } = one;
  const drifts = driftsOf(one);
  if (drifts.includes('deleted')) return `${words.deleted}: unprotect ${id} ends the record`;
  const found = [
    ...drifts.map((drift) => words[drift]),
    unread === null ? '' : `Nova does not show it: ${unread}`,
    flag === null && unread === null ? 'the flag could not be read' : '',
    lease?.until && lease.until <= now ? 'its time is over' : '',
  ];
  return found.filter(Boolean).join('; ');
}
