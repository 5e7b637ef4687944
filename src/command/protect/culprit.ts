import type { CloudReader, InstanceAction } from '../../openstack/cloud.ts';
import { OpenStackError } from '../../openstack/errors.ts';
import { ServerId } from '../../openstack/names.ts';
import type { Lease } from '../lease.ts';
import { moment } from '../words.ts';
import type { Drift } from './drift.ts';

/** What somebody asked Nova for, as its instance actions call it. */
const verbs: Readonly<Partial<Record<Drift, string>>> = {
  deleted: 'delete',
  'being deleted': 'delete',
  'lock gone': 'unlock',
  'lock changed': 'lock',
};
/** Nova's clock and ours need not agree. */
const skewMs = 60_000;

/** Who did it, by Nova's own record: the user, the request that its logs know, and when. Null where it has none. */
export async function culprit(drift: Drift, { subject, since }: Lease, cloud: CloudReader): Promise<string | null> {
  const verb = verbs[drift];
  const action = verb === undefined ? null : await newest(verb, ServerId.parse(subject), since, cloud);
  if (action === null) return null;
  const { user, requestId, startedAt } = action;
  const own = user !== null && user === (await cloud.about()).userId;
  const name = user === null || own ? null : await cloud.userName(user);
  const who =
    user === null
      ? 'nobody that Nova names'
      : own
        ? `vigie’s own account (${user})`
        : name === null
          ? user
          : `${name} (${user})`;
  return `${action.action} by ${who}${startedAt === null ? '' : `, ${moment(startedAt)}`}, request ${requestId}`;
}

/** Below 2.21 the actions of a deleted server cannot be read. */
async function newest(verb: string, id: ServerId, since: Date, cloud: CloudReader): Promise<InstanceAction | null> {
  try {
    const actions = await cloud.actions(id);
    const recent = ({ startedAt }: InstanceAction) =>
      startedAt === null || startedAt.getTime() > since.getTime() - skewMs;
    return actions.find((one) => one.action === verb && recent(one)) ?? null;
  } catch (error) {
    if (error instanceof OpenStackError) return null;
    throw error;
  }
}
