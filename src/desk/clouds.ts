import type { Place } from '../chat/message.ts';
import { UserError } from '../chat/user-error.ts';
import type { Registry } from '../command/registry.ts';
import { didYouMean } from '../command/suggest.ts';
import { workersSeen } from '../jobs/workers.ts';
import type { Rows, Work } from '../mysql/database.ts';
import { defaultCloud, type Policy } from '../policy/policy.ts';

type Line = Extract<ReturnType<Registry['interpret']>, { ok: true }>;

/** The clouds a line is for: what it names, else the place's own. Never the only one there happens to be. */
export async function chooseClouds(rows: Rows | Work, policy: Policy, place: Place, line: Line): Promise<string[]> {
  const usual = defaultCloud(policy, place.id);
  // What the policy names needs no look at who serves it: where nobody does, the job itself says so.
  if (line.clouds.length === 0 && usual !== null) return [usual];
  const known = await knownClouds(rows, policy);
  const named = line.clouds;
  if (named.length === 0)
    throw new UserError(`which cloud? add --cloud NAME: ${known.join(', ') || 'no worker has reported one yet'}`);
  const chosen = named.includes('all') ? known : named;
  for (const cloud of chosen) if (!known.includes(cloud)) throw new UserError(unknown(cloud, known));
  if (line.command.kind === 'change' && chosen.length !== 1)
    throw new UserError('a command that changes something names exactly one cloud: add --cloud NAME');
  return [...new Set(chosen)];
}

function unknown(cloud: string, known: readonly string[]): string {
  if (known.length === 0) return `no worker has reported a cloud yet: start one that serves ${cloud}`;
  return `there is no cloud ${cloud}${didYouMean(cloud, known)} (known: ${known.join(', ')})`;
}

/** The bot has no clouds.yaml: it knows the clouds that workers reported and the policy names. */
export async function knownClouds(rows: Rows | Work, policy: Policy): Promise<string[]> {
  const workers = await workersSeen(rows);
  return [...new Set([...workers.map(({ cloud }) => cloud), ...policy.clouds])].sort();
}
