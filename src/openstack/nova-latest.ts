import type { Migration } from './cloud.ts';
import { atLeast } from './microversion.ts';
import type { HostName } from './names.ts';
import { listMigrations, pagedFrom } from './nova-migrations.ts';
import type { Session } from './session.ts';

/** What was asked so short a time ago, ms, is not asked again: whoever rests longer between two looks sees nothing twice. */
const sharedFor = 200;
/** Those that began last: one that copies for hours may be none of them any more. */
const most = 50;

type Latest = (host: HostName) => Promise<Migration[] | null>;

/** The newest migrations of those that leave a host, asked once for all that look at the same time: each looks often. */
export function openLatest(session: Session, cloud: string, now: () => Date): Latest {
  const asked = new Map<HostName, { readonly at: number; readonly answer: ReturnType<Latest> }>();

  async function read(source: HostName): ReturnType<Latest> {
    const isPaged = atLeast(await session.speaks('compute', '2.80'), pagedFrom);
    return isPaged ? listMigrations(session, cloud, { source, limit: most }) : null;
  }

  return (host) => {
    const at = now().getTime();
    for (const [other, { at: before }] of asked) if (Math.abs(at - before) >= sharedFor) asked.delete(other);
    const last = asked.get(host);
    if (last !== undefined) return last.answer;
    const answer = read(host);
    asked.set(host, { at, answer });
    return answer;
  };
}
