import { z } from 'zod';
import { UserError } from '../../chat/user-error.ts';
import type { HookFacts } from '../../openstack/cloud.ts';
import { HostName } from '../../openstack/names.ts';
import type { StepContext } from '../command.ts';
import type { Outcome } from '../outcome.ts';
import { done, failed, gone } from '../outcome.ts';
import type { PlannedStep } from '../plan.ts';
import { count, list } from '../words.ts';
import { all } from './survey.ts';

export const HookInput = z.object({
  host: HostName,
  hook: z.string(),
  at: z.enum(['start', 'empty', 'work', 'off']),
  reason: z.string(),
});
type HookInput = z.output<typeof HookInput>;
type Moment = HookInput['at'];

/** The last look of a drain, and of an evacuation. */
const provesEmpty = ['proof', 'left'];

/** Runs one of the operators' own programs. After a crash of ours it may run a second time. */
export async function hook({ host, hook: name, at, reason }: HookInput, context: StepContext): Promise<Outcome> {
  if (at === 'empty' && !context.ended.some(({ step, state }) => provesEmpty.includes(step) && state === 'done'))
    return gone(`${host} is not proven empty: not run`);
  const inUse = at === 'work' ? await stillInUse(host, context) : null;
  if (inUse !== null) return failed(`${inUse}: not run`);
  const about = { host, cloud: context.cloud.name, event: at, job: context.job.id, by: context.job.human, reason };
  const ran = await context.act({ runs: name, at }, () => context.cloud.runHook(name, about));
  return ran.well ? done(ran.said) : failed(ran.said);
}

/** Work on a host may restart it: whoever is there now, and whoever may come meanwhile, keeps it from beginning. */
async function stillInUse(host: HostName, { cloud }: StepContext): Promise<string | null> {
  if ((await cloud.computeService(host))?.status !== 'disabled') return `${host} is not disabled`;
  const listed = [...(await all(cloud.servers({ host }))), ...(await all(cloud.servers({ host, softDeleted: true })))];
  const here = new Set(listed.map(({ id }) => id)).size;
  return here === 0 ? null : `${count(here, 'server')} on ${host}`;
}

/** Those that always run, and those that were named; a name that the cloud does not have is a `UserError`. */
export function hooksNamed(known: readonly HookFacts[], named: readonly string[]): string[] {
  const unknown = named.filter((name) => !known.some((one) => one.name === name));
  if (unknown.length > 0) {
    const there =
      known.length === 0
        ? 'this cloud has none'
        : `there are ${list(
            known.map(({ name }) => name),
            8,
          )}`;
    throw new UserError(`no hook is called ${unknown[0]}: ${there}`);
  }
  return known.filter(({ name, always }) => always || named.includes(name)).map(({ name }) => name);
}

/** The one that does the work on an empty host; a `UserError` where the cloud has none of that name. */
export function workNamed(known: readonly HookFacts[], name: string): string {
  hooksNamed(known, [name]);
  const found = known.find((one) => one.name === name);
  if (found?.at.includes('work') !== true)
    throw new UserError(`the hook ${name} does no work: its \`at\` in the worker's clouds.yaml does not say work`);
  return name;
}

interface Call {
  readonly host: HostName;
  readonly at: Moment;
  readonly reason: string;
}

/** Steps for those of `names` that run at this moment; a stage of the same name holds them. */
export function hookSteps(
  known: readonly HookFacts[],
  names: readonly string[],
  { host, at, reason }: Call,
): (PlannedStep & { step: 'hook' })[] {
  const due = known.filter((one) => names.includes(one.name) && one.at.includes(at));
  return due.map(({ name }) => ({
    key: `hook:${at}:${name}`,
    step: 'hook',
    input: { host, hook: name, at, reason },
    stage: at,
    label: `run ${name} (${at})`,
  }));
}

/** A hook that must work keeps the drain from beginning where it fails. */
export function startStops(known: readonly HookFacts[], names: readonly string[]): boolean {
  return known.some(({ name, at, required }) => names.includes(name) && at.includes('start') && required);
}
