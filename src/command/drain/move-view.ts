import type { InstanceAction, Migration, Server } from '../../openstack/cloud.ts';
import type { HostName } from '../../openstack/names.ts';
import { type Outcome, type Question, unproven } from '../outcome.ts';
import type { MoveInput, MoveIntent } from './move-intent.ts';

/** All that a move decides on: one look at the cloud, and what it wrote down before. */
export interface MoveView {
  readonly input: MoveInput;
  readonly intent: MoveIntent | null;
  /** Null: Nova says 404 to an admin. */
  readonly server: Server | null;
  readonly migrations: readonly Migration[];
  /** Newest first; null where this look did not need them. */
  readonly actions: readonly InstanceAction[] | null;
  /** Our own user's id, as instance actions name it; null where it is not known. */
  readonly self: string | null;
  /** Why the server may not be moved at all (`protect --move`), or null. */
  readonly staysPut: string | null;
  readonly now: Date;
  /** How long nothing of what is looked at has changed since it was last asked for, ms. */
  readonly still: number;
  /** How long something else is being done to it, ms. */
  readonly busy: number;
  readonly serverDeadline: number;
  /** When the whole drain must have ended. */
  readonly totalEnd: Date;
  /** Somebody cancelled and wants running moves aborted. */
  readonly abortNow: boolean;
  /** When the copy last came on; null where nobody has seen it do so. */
  readonly shrankAt: Date | null;
  /** It has not for so many looks. */
  readonly stuck: boolean;
  /** How long it waits in Nova's queue while none of this job's copies runs, ms. */
  readonly alone: number;
  /** What a person said to do about it. */
  readonly said: { readonly choice: string; readonly by: string } | null;
}

export type MoveAct =
  | { readonly act: 'wait'; readonly note: string; readonly intent?: MoveIntent }
  | { readonly act: 'live' | 'cold'; readonly tries: number }
  /** Once more, to another host than `avoid`; where there is none it is explained. */
  | { readonly act: 'retry'; readonly migration: Migration; readonly avoid: HostName }
  | { readonly act: 'force'; readonly migration: number; readonly tries: number }
  | { readonly act: 'inquire'; readonly question: Question }
  | { readonly act: 'confirm'; readonly migration: number; readonly tries: number }
  | { readonly act: 'abort'; readonly migration: number; readonly tries: number; readonly why: string }
  | { readonly act: 'explain'; readonly migration: Migration | null; readonly note: string }
  | { readonly act: 'end'; readonly outcome: Outcome };

const second = 1000;
/** A request whose answer was lost may still arrive this long after it was written down. */
export const lostRequest = 10 * second;
/** Nova's own records may disagree for a while; after this they are told as they are. */
const disagreement = 60 * second;
export const mostTries = 3;

/** Its guest runs on the other host, and fetches what it lacks from this one. */
export const postCopy = 'running (post-copy)';

const underwayWords = [
  'accepted',
  'queued',
  'preparing',
  'running',
  postCopy,
  'pre-migrating',
  'migrating',
  'post-migrating',
];

type Records = Pick<MoveView, 'input' | 'intent' | 'migrations' | 'actions' | 'self'>;

/**
 * The migration our own request made: the one we wrote down, else the first newer than what we saw before asking.
 * Where the answer was lost it may be another hand's: then the instance actions tell who asked.
 */
export function ourMigration({ input, intent, migrations, actions, self }: Records): Migration | null {
  if (intent === null) return null;
  if (intent.migration !== null) return migrations.find(({ id }) => id === intent.migration) ?? null;
  if (intent.request === null && onlyOthers(newerActions(actions ?? [], intent), self)) return null;
  const newer = migrations.filter(
    ({ id, source, type }) =>
      id > (intent.seen.migration ?? -1) && (source === null || source === input.from) && fits(type, intent.how),
  );
  return newer.toSorted((a, b) => a.id - b.id)[0] ?? null;
}

function onlyOthers(actions: readonly InstanceAction[], self: string | null): boolean {
  return actions.length > 0 && actions.every((action) => isOthers(action, self));
}

function isOthers({ user }: InstanceAction, self: string | null): boolean {
  return self !== null && user !== null && user !== self;
}

function fits(type: Migration['type'], how: MoveIntent['how']): boolean {
  return type === 'unknown' || type === (how === 'live' ? 'live-migration' : 'migration');
}

/** The instance action of our own request. */
export function ourAction(
  { actions, self }: Pick<MoveView, 'actions' | 'self'>,
  intent: MoveIntent,
): InstanceAction | null {
  const named = actions?.find(({ requestId }) => requestId === intent.request);
  return named ?? newerActions(actions ?? [], intent).findLast((action) => !isOthers(action, self)) ?? null;
}

/** Those of our kind that were not there before we asked. */
function newerActions(actions: readonly InstanceAction[], { seen, how }: MoveIntent): InstanceAction[] {
  const last = actions.findIndex(({ requestId }) => requestId === seen.action);
  const newer = last < 0 ? actions : actions.slice(0, last);
  return newer.filter(({ action }) => action === (how === 'live' ? 'live-migration' : 'migrate'));
}

export function underway(status: string): boolean {
  return underwayWords.includes(status);
}

export function disagreeing({ still }: MoveView, evidence: string): MoveAct {
  return still > disagreement ? end(unproven(evidence)) : wait(evidence);
}

export function minutes(ms: number): string {
  return ms < 120 * second ? `${Math.round(ms / second)} s` : `${Math.round(ms / (60 * second))} min`;
}

export function wait(note: string): { act: 'wait'; note: string } {
  return { act: 'wait', note };
}

export function end(outcome: Outcome): MoveAct {
  return { act: 'end', outcome };
}
