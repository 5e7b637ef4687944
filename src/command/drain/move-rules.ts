import type { Server } from '../../openstack/cloud.ts';
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

/** Nothing of ours is under way. */
function begin(view: MoveView, server: Server, tries: number): MoveAct {
  const { input, migrations } = view;
  const incoming = migrations.some(({ destination, status }) => destination === input.from && underway(status));
  if (server.host !== input.from && !incoming && !isPassing(server)) return elsewhere(view, server);
  if (incoming || isPassing(server)) return whileBusy(view, server);
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

function whileBusy({ now, startedAt, serverDeadline, totalEnd }: MoveView, server: Server): MoveAct {
  const busy = `${server.status}${server.taskState === null ? '' : ` (${server.taskState})`}`;
  const late = now.getTime() - startedAt.getTime() > serverDeadline || now >= totalEnd;
  return late
    ? end(blocked(`still ${busy} after ${minutes(now.getTime() - startedAt.getTime())}`))
    : wait(`waits while it is ${busy}`);
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
