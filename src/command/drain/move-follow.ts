import type { Migration, Server } from '../../openstack/cloud.ts';
import { done, failed, type Question, unproven } from '../outcome.ts';
import type { MoveIntent } from './move-intent.ts';
import {
  disagreeing,
  end,
  lostRequest,
  type MoveAct,
  type MoveView,
  minutes,
  mostTries,
  postCopy,
  underway,
  wait,
} from './move-view.ts';
import { isPassing } from './standing.ts';

const endedBadly = ['failed', 'error', 'cancelled', 'reverted'];
const endedWell = ['completed', 'confirmed'];

/** Nova shows our migration: wait, confirm, abort, or say how it ended. */
export function follow(view: MoveView, server: Server, intent: MoveIntent, ours: Migration): MoveAct {
  const known = { ...intent, migration: ours.id };
  if (ours.status === 'finished' || ours.status === 'confirming') return confirmOwn(view, server, known, ours);
  if (isPassing(server) || underway(ours.status)) return whileMoving(view, server, known, ours);
  if (endedBadly.includes(ours.status)) return afterFailure(view, server, ours);
  if (endedWell.includes(ours.status)) return arrived(view, server, intent, ours);
  return disagreeing(view, `migration ${ours.id} is ${ours.status}, which vigie does not know`);
}

function arrived(
  view: MoveView,
  server: Server,
  { how, seen, request, runningSince, asked }: MoveIntent,
  { id, status }: Migration,
): MoveAct {
  const to = server.host;
  if (to === null || to === view.input.from || server.status === 'VERIFY_RESIZE') {
    return disagreeing(view, `migration ${id} ${status}, but the server is ${server.status} on ${to ?? 'no host'}`);
  }
  const seconds = Math.round((view.now.getTime() - (runningSince ?? asked.at).getTime()) / 1000);
  const figures = { ramMb: server.flavor.ramMb ?? 0, seconds };
  const output = { name: server.name, from: view.input.from, to, how, migration: id, request, ...figures };
  if (server.status === 'ERROR') return end(failed(`moved to ${to}, but is in ERROR there`, output));
  const state = server.status === seen.status ? '' : `; was ${seen.status}, is ${server.status}`;
  return end(done(`${how} to ${to}${state}`, output));
}

function afterFailure(view: MoveView, server: Server, ours: Migration): MoveAct {
  if (server.host !== view.input.from) {
    return disagreeing(view, `migration ${ours.id} ${ours.status}, yet the server is on ${server.host ?? 'no host'}`);
  }
  const tried = view.intent?.avoid ?? null;
  if (tried === null && maySendAgain(view, server, ours)) {
    return { act: 'retry', migration: ours, avoid: ours.destination ?? view.input.from };
  }
  return { act: 'explain', migration: ours, note: view.intent?.abort?.why ?? '' };
}

/** It broke on the way to one host, nobody stopped it, and it runs on where it was: another host may take it. */
function maySendAgain({ intent, input, now, totalEnd, abortNow }: MoveView, server: Server, ours: Migration): boolean {
  const broke = (ours.status === 'failed' || ours.status === 'error') && ours.destination !== null;
  const runs = ['ACTIVE', 'PAUSED'].includes(server.status) && server.taskState === null;
  const free = input.to === undefined && intent?.how === 'live' && intent.abort === null;
  return broke && runs && free && !abortNow && now < totalEnd;
}

/** A cold move of ours waits on its new host: the old copy goes once it is confirmed. */
function confirmOwn(view: MoveView, server: Server, intent: MoveIntent, ours: Migration): MoveAct {
  const { confirm } = intent;
  const age = confirm === null ? Number.POSITIVE_INFINITY : view.now.getTime() - confirm.at.getTime();
  // 204 is only queued: for a second or so the server is VERIFY_RESIZE with no task, as if nothing had been asked.
  const ripe = ours.status === 'finished' && server.status === 'VERIFY_RESIZE' && server.taskState === null;
  const due = ripe && server.host !== view.input.from && age > lostRequest;
  if (due && (confirm?.tries ?? 0) >= mostTries) {
    const why = confirm?.refused ?? 'no answer';
    return end(unproven(`is on ${server.host}, but Nova did not confirm migration ${ours.id}: ${why}`));
  }
  if (due) return { act: 'confirm', migration: ours.id, tries: (confirm?.tries ?? 0) + 1 };
  if (view.now >= view.totalEnd) return end(unproven(`on ${server.host}, migration ${ours.id} still ${ours.status}`));
  return { ...wait(`on ${server.host}, confirming`), ...(view.intent?.migration === ours.id ? {} : { intent }) };
}

function whileMoving(view: MoveView, server: Server, intent: MoveIntent, ours: Migration): MoveAct {
  const since = intent.runningSince ?? (runs(ours.status) ? view.now : null);
  // A message that nobody took: its source runs no nova-compute any more, and it would stay `accepted` for ever.
  const from =
    cameOn({ ...intent, runningSince: since }, view.shrankAt) ?? (ours.status === 'accepted' ? intent.asked.at : null);
  const why = isAwaited(intent, server, ours) ? tooLate(view) : overdue(view, from, intent);
  if (why !== null && !underway(ours.status)) return lost(server, ours, why);
  if (why !== null && isPostCopy(ours)) return lost(server, ours, why.replace('aborted', 'cannot be aborted'));
  if (why !== null || (intent.abort !== null && !isPostCopy(ours)))
    return stopIt(view, server, intent, ours, why ?? '');
  const told = whenStuck(view, server, intent, ours) ?? whenQueued(view, server, intent, ours);
  if (told !== null) return told;
  const changed = since !== intent.runningSince || view.intent?.migration !== ours.id;
  return {
    ...wait(`${copying(ours)}${forced(intent, ours)}${view.abortNow ? unstoppable(ours) : ''}`),
    ...(changed ? { intent: { ...intent, runningSince: since } } : {}),
  };
}

/** A copy that gets no smaller is asked about; only a person forces it, and its deadline aborts it in any case. */
function whenStuck(view: MoveView, server: Server, intent: MoveIntent, ours: Migration): MoveAct | null {
  const { said, serverDeadline, shrankAt } = view;
  if (intent.how !== 'live' || intent.force !== null || ours.status !== 'running') return null;
  if (said?.choice === 'abort') return stopIt(view, server, intent, ours, `aborted: ${said.by} said so`);
  if (said?.choice === 'force-complete') return { act: 'force', migration: ours.id, tries: 1 };
  if (!view.stuck || said !== null) return null;
  const deadline = new Date((cameOn(intent, shrankAt) ?? view.now).getTime() + serverDeadline);
  return { act: 'inquire', question: stuckQuestion(server.name, intent.seen.status, deadline) };
}

/** `before` is what it was when it was asked to move: while it does, Nova says MIGRATING. */
function stuckQuestion(name: string, before: string, deadline: Date): Question {
  const force = { choice: 'force-complete', label: 'Force it: pauses the guest until it is through' };
  return {
    text: `the copy of ${name} does not get smaller: its guest writes memory as fast as it is copied. Forcing it pauses the guest until the copy is through`,
    choices: [
      { choice: 'abort', label: 'Abort it: it stays where it is' },
      // Nova forces no paused guest.
      ...(before === 'ACTIVE' ? [force] : []),
      { choice: 'leave', label: 'Leave it until its deadline' },
    ],
    fallback: 'abort',
    deadline,
  };
}

/** What is before it in the queue is none of ours, or was given up: no deadline ends that, so a person looks. */
function whenQueued(view: MoveView, server: Server, intent: MoveIntent, ours: Migration): MoveAct | null {
  const { said, alone, serverDeadline, totalEnd } = view;
  if (ours.status !== 'queued' || alone <= serverDeadline) return null;
  if (said?.choice === 'abort') return stopIt(view, server, intent, ours, `aborted: ${said.by} said so`);
  if (said !== null) return null;
  return { act: 'inquire', question: queueQuestion(server.name, view.input.from, { serverDeadline, totalEnd }) };
}

/** The same words at each look: a question that reads otherwise is another one, and what was answered to it is not heard. */
function queueQuestion(
  name: string,
  from: string,
  { serverDeadline, totalEnd }: Pick<MoveView, 'serverDeadline' | 'totalEnd'>,
): Question {
  return {
    text: `${name} has waited in Nova's queue on ${from} for more than ${minutes(serverDeadline)}, and no move of this job runs: what holds the places there does not end`,
    choices: [
      { choice: 'abort', label: 'Take it out of the queue: it stays where it is' },
      { choice: 'leave', label: 'Let it wait' },
    ],
    fallback: 'leave',
    deadline: totalEnd,
  };
}

/**
 * A server's deadline counts from when its copy last got smaller, or from when it began to run; or from when it was forced:
 * a guest that stands still is copied in one pass, which need not be smaller than those before.
 */
function cameOn(
  { runningSince, force }: Pick<MoveIntent, 'runningSince' | 'force'>,
  shrankAt: Date | null,
): Date | null {
  if (runningSince === null) return null;
  const forcedAt = force?.refused === null ? force.at : null;
  return [runningSince, shrankAt, forcedAt].reduce((last, at) =>
    last === null || (at !== null && at > last) ? at : last,
  );
}

/**
 * Only Nova ends a cold move: while its host answers it is waited for, and confirmed by whoever began it. So it is after the
 * switch to post-copy: half of the guest is here, half there, and it runs there.
 */
function isAwaited({ how }: MoveIntent, { hostStatus }: Server, ours: Migration): boolean {
  return hostStatus !== 'DOWN' && (isPostCopy(ours) || (how === 'cold' && underway(ours.status)));
}

function isPostCopy({ status }: Migration): boolean {
  return status === postCopy;
}

function overdue(view: MoveView, since: Date | null, { force }: MoveIntent): string | null {
  if (view.abortNow) return 'told to stop: aborted';
  if (since !== null && view.now.getTime() - since.getTime() > view.serverDeadline) {
    const meanwhile = force?.refused === null ? 'its forced copy did not end' : 'its copy got no smaller';
    return `aborted after ${minutes(view.serverDeadline)} in which ${meanwhile}, its deadline`;
  }
  return tooLate(view);
}

function tooLate({ now, totalEnd }: MoveView): string | null {
  return now >= totalEnd ? "aborted: the drain's time was over" : null;
}

/** Abort, never force: asked up to three times, and if it will not end the lane is given up and that is told. */
function stopIt(view: MoveView, server: Server, intent: MoveIntent, ours: Migration, why: string): MoveAct {
  const { abort } = intent;
  if (intent.how === 'cold') return leftCold(server, ours, why.replace('aborted', 'cannot be aborted'));
  if (abort === null) return { act: 'abort', migration: ours.id, tries: 1, why };
  const age = view.now.getTime() - abort.at.getTime();
  if (age < lostRequest) return wait('aborting');
  if (abort.tries < mostTries) return { act: 'abort', migration: ours.id, tries: abort.tries + 1, why: abort.why };
  if (age < 3 * lostRequest) return wait('aborting');
  const refused = abort.refused === null ? '' : ` (${abort.refused})`;
  return lost(server, ours, `${abort.why}, but the abort did not work${refused}`);
}

function leftCold(server: Server, { id, status }: Migration, why: string): MoveAct {
  const state = server.taskState ?? server.status;
  return end(
    unproven(`${why}; still ${state}, migration ${id} ${status}: once it is VERIFY_RESIZE it waits to be confirmed`),
  );
}

function lost(server: Server, { id, status }: Migration, why: string): MoveAct {
  const state = server.taskState ?? server.status;
  return end(unproven(`${why}; still ${state}, migration ${id} ${status}: it keeps its place in Nova's queue`));
}

function copying({ status, memory, disk }: Migration): string {
  const total = (memory?.totalBytes ?? 0) + (disk?.totalBytes ?? 0);
  if (total <= 0) return status;
  const left = (memory?.remainingBytes ?? 0) + (disk?.remainingBytes ?? 0);
  const share = Math.round((1 - left / total) * 100);
  return `${status}, ${Math.min(100, Math.max(0, share))} % copied`;
}

function forced({ force }: MoveIntent, ours: Migration): string {
  if (force === null || isPostCopy(ours)) return '';
  return force.refused === null ? ', forced: the guest is paused' : `; forcing was refused: ${force.refused}`;
}

function unstoppable(ours: Migration): string {
  return isPostCopy(ours)
    ? '; its guest runs on the other host already, it cannot be aborted: waiting for its end'
    : '; a cold move cannot be aborted: waiting to confirm it';
}

function runs(status: string): boolean {
  return !['accepted', 'queued'].includes(status);
}
