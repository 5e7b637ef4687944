import type { Migration, Server } from '../../openstack/cloud.ts';
import { blocked, failed, gone, unproven } from '../outcome.ts';
import { follow } from './move-follow.ts';
import type { MoveIntent } from './move-intent.ts';
import {
  disagreeing,
  end,
  lostRequest,
  type MoveAct,
  type MoveView,
  minutes,
  mostTries,
  ourAction,
  ourMigration,
  underway,
  wait,
} from './move-view.ts';
import { isPassing, standing } from './standing.ts';

/** The heart of a drain: what to do next about one server. Pure, so that every state can be tried. */
export function nextAct(view: MoveView): MoveAct {
  const { server, intent } = view;
  if (server === null) return end(gone('was deleted meanwhile'));
  if (server.status === 'UNKNOWN') return unseen(view);
  if (intent === null) return begin(view, server, 1);
  if (intent.asked.refused !== null) return begin(view, server, intent.asked.tries + 1);
  const ours = ourMigration(view);
  return ours === null ? seek(view, server, intent) : follow(view, server, intent, ours);
}

function unseen({ now, totalEnd }: MoveView): MoveAct {
  return now >= totalEnd
    ? end(unproven('its cell does not answer: nothing is known of it'))
    : wait('its cell does not answer');
}

/** Something is being done to it, or it is on its way here. */
export function isBusy({ input, server, migrations }: Pick<MoveView, 'input' | 'server' | 'migrations'>): boolean {
  const isComing = ({ destination, status }: Migration) => destination === input.from && underway(status);
  return server !== null && (isPassing(server) || migrations.some(isComing));
}

/** Nothing of ours is under way. */
function begin(view: MoveView, server: Server, tries: number): MoveAct {
  if (isBusy(view)) return whileBusy(view, server);
  if (server.host !== view.input.from) return elsewhere(view, server);
  if (view.abortNow) return end(blocked('told to stop before it began'));
  if (view.staysPut !== null) return end(blocked(view.staysPut));
  if (tries > mostTries) return end(failed(refusal(view)));
  if (view.now >= view.totalEnd) return end(blocked("not begun: the drain's time was over"));
  return allowed(view, server, tries);
}

/**
 * As the server stands now: live while its guest runs, cold once its owner has stopped it. Either may have been approved:
 * a move that interrupts nothing is no harsher than the other. A running guest is moved cold
 * only where its owner asked for that and it was approved so.
 */
function allowed({ input }: MoveView, server: Server, tries: number): MoveAct {
  const { verdict, why } = standing(server);
  if (input.interrupts === true && server.status === 'ACTIVE') return { act: 'cold', tries };
  return verdict === 'live' || verdict === 'cold' ? { act: verdict, tries } : end(blocked(why));
}

function elsewhere({ input, migrations }: MoveView, server: Server): MoveAct {
  const unconfirmed = migrations.some(({ source, status }) => source === input.from && status === 'finished');
  if (unconfirmed) {
    return end(
      blocked(
        `is on ${server.host ?? 'no host'} by another hand, not confirmed: its old disk is still on ${input.from}`,
      ),
    );
  }
  return end(
    gone(`is on ${server.host ?? 'no host'} already, not by this job`, {
      name: server.name,
      to: server.host,
      how: 'another hand',
    }),
  );
}

function whileBusy({ now, busy, serverDeadline, totalEnd }: MoveView, { status, taskState }: Server): MoveAct {
  const what = `${status}${taskState === null ? '' : ` (${taskState})`}`;
  if (now >= totalEnd) return end(blocked(`still ${what} when the drain's time was over`));
  return busy > serverDeadline
    ? end(blocked(`still ${what} after ${minutes(busy)}`))
    : wait(`waits while it is ${what}`);
}

function refusal({ intent }: MoveView): string {
  return intent?.asked.refused ?? `asked ${mostTries} times; Nova neither answered nor began`;
}

/** Asked for, but Nova shows no migration of ours (yet). */
function seek(view: MoveView, server: Server, intent: MoveIntent): MoveAct {
  const action = ourAction(view, intent);
  const accepted = intent.request !== null || action !== null;
  if (!accepted && view.now.getTime() - intent.asked.at.getTime() < lostRequest) {
    return wait('looks whether Nova got the request');
  }
  if (!accepted) return begin(view, server, intent.asked.tries + 1);
  if (isPassing(server)) return whileUnseen(view, server);
  if (server.host !== view.input.from)
    return disagreeing(view, `is on ${server.host ?? 'no host'}, but Nova shows no migration of it`);
  if (action?.message === 'Error') return { act: 'explain', migration: null, note: 'Nova refused it' };
  return disagreeing(view, `accepted (${intent.request ?? action?.requestId}), but Nova shows no migration`);
}

function whileUnseen({ now, totalEnd }: MoveView, server: Server): MoveAct {
  return now >= totalEnd
    ? end(
        unproven(
          `still ${server.taskState ?? server.status} when the drain's time was over; Nova shows no migration to abort`,
        ),
      )
    : wait(`${server.taskState ?? server.status}, no migration shown yet`);
}
