import { z } from 'zod';
import { HostName } from '../../openstack/names.ts';
import type { EndedStep, StepContext } from '../command.ts';
import { Left } from '../drain/proof.ts';
import { idBeside } from '../drain/server-blocks.ts';
import { all, unique } from '../drain/survey.ts';
import { keepWhereabouts } from '../drain/whereabouts.ts';
import { done, failed, type Outcome, unproven } from '../outcome.ts';
import { count, list } from '../words.ts';
import { closedAt } from './close.ts';
import { heardSince } from './down.ts';

export const LeftInput = z.object({ host: HostName });
type LeftInput = z.output<typeof LeftInput>;

export const LeftOutput = z.object({
  left: z.array(Left),
  /** Rebuilt elsewhere, while their host may be alive and run them, too. */
  twice: z.array(z.string()),
});

/** What is still on the host, by Nova; and if it was heard of again, which guests may exist twice. */
export async function left({ host }: LeftInput, context: StepContext): Promise<Outcome> {
  await keepWhereabouts(host, context);
  const { cloud } = context;
  const servers = await all(cloud.servers({ host }));
  const deleted = await all(cloud.servers({ host, softDeleted: true }));
  const alive = await heardSince(host, closedAt(context), cloud);
  const sent = context.ended.filter(({ step, checkpoint }) => step === 'evacuate' && checkpoint !== null);
  const twice = alive === null ? [] : sent.map(named);
  const steps = new Map(context.ended.map((step) => [step.key, step]));
  const output = {
    twice,
    left: unique([...servers, ...deleted]).map(({ id, name, status }) => {
      return { server: id, name, status, why: steps.get(`move:${id}`)?.note ?? 'not planned to be rebuilt' };
    }),
  };
  if (alive !== null) {
    const names = twice.length === 0 ? 'none was rebuilt yet' : `these may exist twice: ${list(twice, 20)}`;
    return unproven(`${host} was heard of again; ${names}`, output);
  }
  if (servers.length > 0) return failed(`${count(servers.length, 'server')} left on ${host}`, output);
  const names = deleted.map(({ name, id }) => `${name} ${id}`);
  const besides =
    deleted.length === 0
      ? ''
      : ` but ${list(names, 5)}, deleted by ${names.length === 1 ? 'its owner' : 'their owners'}`;
  return done(`no server is left there${besides}, by Nova`, output);
}

/** Its name, and its id: who ends one of the two must find the right one. */
function named({ key, label }: EndedStep): string {
  return idBeside(label.replace(/^rebuild (.*), .*$/, '$1'), key.slice('move:'.length));
}
