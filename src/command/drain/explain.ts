import type { Cloud, InstanceAction, Migration } from '../../openstack/cloud.ts';
import { OpenStackError } from '../../openstack/errors.ts';
import { failed, type Outcome, unproven } from '../outcome.ts';
import { serverOrNull } from './look.ts';
import type { MoveInput, MoveIntent } from './move-intent.ts';
import { ourAction } from './move-view.ts';

interface Ended {
  readonly migration: Migration | null;
  /** Why we aborted it ourselves, or empty. */
  readonly note: string;
}

/** Why a move ended badly, in Nova's own words where it recorded some: the migration row never holds a reason. */
export async function explain(
  input: MoveInput,
  intent: MoveIntent | null,
  { migration, note }: Ended,
  cloud: Cloud,
): Promise<Outcome> {
  const facts = {
    migration: migration?.id ?? null,
    status: migration?.status ?? null,
    request: intent?.request ?? null,
  };
  try {
    const server = await serverOrNull(cloud, input.server);
    const state = server?.status === 'ERROR' ? '; the server is in ERROR now' : '';
    const twice = intent?.avoid
      ? `tried on ${intent.avoid}, then on ${migration?.destination ?? 'another host'}: `
      : '';
    return failed(`${twice}${await reason(input, intent, { migration, note }, cloud)}${state}`, facts);
  } catch (error) {
    if (!(error instanceof OpenStackError)) throw error;
    const what = migration === null ? 'failed' : `migration ${migration.id} ${migration.status}`;
    return unproven(`${what}; the reason could not be read: ${error.message}`, facts);
  }
}

async function reason(
  input: MoveInput,
  intent: MoveIntent | null,
  { migration, note }: Ended,
  cloud: Cloud,
): Promise<string> {
  const actions = await cloud.actions(input.server);
  const action = intent === null ? null : ourAction({ actions, self: null }, intent);
  const request = action?.requestId ?? intent?.request ?? null;
  const id = request === null ? '' : ` (${request})`;
  if (migration?.status === 'cancelled')
    return note === '' ? byAnother(actions) : `${note}; it stays on ${input.from}${id}`;
  if (migration?.status === 'reverted') return `another hand reverted it${id}`;
  const said = action === null ? null : recorded(await cloud.action(input.server, action.requestId));
  if (said !== null) return `${said}${id}`;
  // `failed` was rolled back from the copy; `error` says nothing of when.
  const when = migration?.status === 'failed' ? ' while copying' : '';
  return `failed${when}; Nova gives no reason; see nova-compute.log on ${input.from}${request === null ? '' : `, ${request}`}`;
}

function byAnother(actions: readonly InstanceAction[]): string {
  const cancel = actions.find(({ action }) => action === 'live_migration_cancel');
  return `another hand aborted it${cancel === undefined ? '' : ` (user ${cancel.user ?? 'unknown'}, ${cancel.requestId})`}`;
}

/** What the events that ended in an error say, the conductor's summary first: each the last line, tracebacks left out. */
export function recorded({ events }: InstanceAction): string | null {
  const bad = events.filter(({ result }) => result === 'Error');
  const summaryFirst = bad.toSorted((a, b) => Number(isConductor(b.event)) - Number(isConductor(a.event)));
  const lines = new Set(summaryFirst.flatMap(({ details }) => lastLine(details) ?? []));
  return lines.size === 0 ? null : [...lines].slice(0, 2).join(' / ');
}

function isConductor(event: string): boolean {
  return event.startsWith('conductor_');
}

function lastLine(details: string | null): string | null {
  const lines = details?.split('\n').map((words) => words.trim());
  const line = lines?.findLast((words) => words !== '');
  return line?.replace(/^(?:[\w.]+\.)?\w*(?:_Remote|Error|Exception|NoValidHost)\b:\s+/, '') ?? null;
}
