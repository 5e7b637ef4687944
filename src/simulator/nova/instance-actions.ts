import { badRequest, notFound } from '../fault.ts';
import type { Answer } from '../http.ts';
import { stamp } from '../json.ts';
import type { ActionEvent, InstanceAction, Server } from '../world.ts';
import { knownQuery, numberQuery } from './checks.ts';
import { admin, maySee, type NovaContext } from './context.ts';
import { cellError } from './db-error.ts';
import { nextLink } from './paging.ts';
import { hostId } from './server-view.ts';

export function listActions(context: NovaContext): Answer {
  knownQuery(context, ['limit', 'marker', 'changes-since', 'changes-before'], 58);
  const server = livingOrDead(context);
  const newest = [...server.actions].reverse().filter((action) => isRecent(context, action));
  if (context.minor < 58)
    return { status: 200, body: { instanceActions: newest.map((each) => actionView(context, server, each)) } };
  const limit = Math.min(numberQuery(context, 'limit') ?? 1000, 1000);
  const from = startAfter(newest, context.request.query.get('marker'));
  const page = newest.slice(from, from + limit);
  const last = page.at(-1);
  const links = last && page.length === limit ? { links: nextLink(context, last.requestId) } : {};
  return { status: 200, body: { instanceActions: page.map((each) => actionView(context, server, each)), ...links } };
}

export function showAction(context: NovaContext): Answer {
  const server = livingOrDead(context);
  const id = context.params['request'] ?? '';
  const action = server.actions.find(({ requestId }) => requestId === id);
  if (!action) throw notFound(`Action for request_id ${id} on instance ${server.id} not found`);
  const events = admin(context) || context.minor >= 51 ? { events: eventsView(context, server, action) } : {};
  return { status: 200, body: { instanceAction: { ...actionView(context, server, action), ...events } } };
}

/** From 2.21 the actions of a deleted server can still be read. */
function livingOrDead(context: NovaContext): Server {
  const id = context.params['id'] ?? '';
  const { world, minor } = context;
  const server = world.servers.get(id) ?? (minor >= 21 ? world.deleted.find((each) => each.id === id) : undefined);
  if (!server || !maySee(context, server)) throw notFound(`Instance ${id} could not be found.`);
  if (world.cellsDown.has(server.cell)) throw cellError();
  return server;
}

function isRecent({ request }: NovaContext, action: InstanceAction): boolean {
  const since = request.query.get('changes-since');
  return since === null || action.updated >= new Date(since);
}

function startAfter(actions: readonly InstanceAction[], marker: string | null): number {
  if (marker === null) return 0;
  const index = actions.findIndex(({ requestId }) => requestId === marker);
  if (index < 0) throw badRequest(`Marker ${marker} could not be found.`);
  return index + 1;
}

function actionView({ minor }: NovaContext, server: Server, action: InstanceAction): Record<string, unknown> {
  return {
    action: action.action,
    instance_uuid: server.id,
    request_id: action.requestId,
    user_id: action.userId,
    project_id: action.projectId,
    start_time: stamp(action.started),
    message: action.message,
    ...(minor >= 58 ? { updated_at: stamp(action.updated) } : {}),
  };
}

function eventsView(context: NovaContext, server: Server, action: InstanceAction): unknown[] {
  return [...action.events].reverse().map((event) => eventView(context, server, event));
}

function eventView(context: NovaContext, server: Server, event: ActionEvent): unknown {
  const { minor } = context;
  const byAdmin = admin(context);
  return {
    event: event.event,
    start_time: stamp(event.started),
    finish_time: stamp(event.finished),
    result: event.result,
    ...(byAdmin
      ? { traceback: event.details === null ? null : `  File "nova/exception_wrapper.py"\n${event.details}\n` }
      : {}),
    ...(byAdmin && minor >= 62 ? { host: event.host } : {}),
    ...(minor >= 62 ? { hostId: hostId(server.project, event.host) } : {}),
    ...(byAdmin && minor >= 84 ? { details: event.details } : {}),
  };
}
