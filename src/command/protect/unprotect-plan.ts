import { text } from '../../chat/report.ts';
import { UserError } from '../../chat/user-error.ts';
import { ServerId } from '../../openstack/names.ts';
import type { PlanContext } from '../command.ts';
import type { PlanDraft } from '../plan.ts';
import { serverLease } from '../protection.ts';
import { resolveServer } from '../resolve.ts';
import type { Selection } from './selection.ts';
import { anotherHand, needsConsent, type Seen, type UnprotectStep, type UnprotectWish, undoing } from './undoing.ts';
import { consent, unprotectMany } from './unprotect-many.ts';

type Draft = PlanDraft & { steps: UnprotectStep[] };

/** Undoes what vigie did and nothing else: a flag or a lock that was there before stays, unless `--adopt`. */
export async function unprotectPlan(selection: Selection, wish: UnprotectWish, context: PlanContext): Promise<Draft> {
  if (selection.kind === 'server') return unprotectOne(selection.server, wish, context);
  if (wish.adopt) throw new UserError('--adopt is for one server at a time: name it');
  return unprotectMany(selection.kind, selection.name, wish, context);
}

async function unprotectOne(reference: string, wish: UnprotectWish, context: PlanContext): Promise<Draft> {
  const seen = await look(reference, context);
  refuseWhatIsNotThere(seen, wish);
  const { rows, steps } = undoing(seen, wish);
  const others = [anotherHand(seen, wish, context.by.human)].filter((words) => words !== null);
  return {
    title: `unprotect ${seen.name}`,
    blocks: [{ kind: 'fields', fields: facts(seen) }, ...consent(others, wish).map(text)],
    rows,
    stages: [{ name: 'unprotect' }, { name: 'record' }],
    steps,
    claims: [`server:${context.cloud.name}/${seen.id}`],
    votes: { extra: 0, least: needsConsent(others, wish) ? 1 : 0 },
  };
}

async function look(reference: string, context: PlanContext): Promise<Seen> {
  const found = await resolveServer(context.cloud, reference).catch((error: unknown) => {
    if (error instanceof UserError) return error;
    throw error;
  });
  if (found instanceof UserError) return deletedServer(reference, found, context);
  return {
    id: found.id,
    name: found.name,
    server: found,
    row: await context.cloud.databases.instance(found.id),
    lease: serverLease(await context.leases.find('server', found.id)),
  };
}

/** A server that its project's end, or a database by hand, has deleted leaves a record: that can still be ended. */
async function deletedServer(reference: string, refusal: UserError, { leases }: PlanContext): Promise<Seen> {
  const known = (await leases.list('server')).map(serverLease).filter((lease) => lease !== null);
  const typed = reference.toLowerCase();
  const matching = known.filter(
    ({ subject, detail }) => (typed.length >= 4 && subject.startsWith(typed)) || detail.name === reference,
  );
  const [lease] = matching;
  if (lease === undefined || matching.length > 1) throw refusal;
  return { id: ServerId.parse(lease.subject), name: lease.detail.name, server: null, row: null, lease };
}

function refuseWhatIsNotThere({ id, name, row, lease, server }: Seen, { adopt }: UnprotectWish): void {
  if (lease === null && row?.disableTerminate !== true) {
    const locked =
      server?.locked === true ? `; it is locked (${server.lockedReason ?? 'no reason'}), not by vigie` : '';
    throw new UserError(
      `${name} is not protected: its flag is off and vigie has no record${locked}; protected lists what is`,
    );
  }
  if (lease === null && !adopt)
    throw new UserError(
      `${name} was protected by another hand (vigie has no record): \`unprotect ${id} --adopt\` ends it all the same`,
    );
}

function facts({ id, name, server, row }: Seen): [string, string][] {
  return [
    ['server', `${name}  ${id}  ${server?.status ?? 'deleted'}`],
    ['project', server?.project ?? 'unknown'],
    ['host', server?.host ?? 'none'],
    ['flag now', row === null ? 'no living row' : row.disableTerminate ? 'set' : 'not set'],
  ];
}
