import { conflict } from '../fault.ts';
import type { ActionEvent, InstanceAction, Server, VmState, World } from '../world.ts';
import { admin, type NovaContext } from './context.ts';

/** A lock stops everybody but admins. */
export function refuseLocked(context: NovaContext, server: Server): void {
  if (server.lockedBy !== null && !admin(context)) throw conflict(`Instance ${server.id} is locked`);
}

/** Looked at before anything else of the server. */
export function refuseShares({ shares }: Server): void {
  if (shares.length > 0) throw conflict('Feature not supported with instances that have shares.');
}

/** Null stands for a server that nothing is being done to; `any` for whatever is. */
export type Tasks = readonly (string | null)[] | 'any';

export function requireState(
  server: Server,
  verb: string,
  states: readonly VmState[] | 'any',
  tasks: Tasks = [null],
): void {
  const refuse = (what: string) => conflict(`Cannot '${verb}' instance ${server.id} while it is in ${what}`);
  if (states !== 'any' && !states.includes(server.vmState)) throw refuse(`vm_state ${server.vmState}`);
  if (tasks !== 'any' && !tasks.includes(server.taskState)) throw refuse(`task_state ${server.taskState}`);
}

/** Deleted while something was being done to it. */
export function isGone(world: World, server: Server): boolean {
  return !world.servers.has(server.id);
}

export function setTask(world: World, server: Server, task: string | null): void {
  server.taskState = task;
  touch(world, server);
}

export function touch(world: World, server: Server): void {
  server.updated = world.now();
  world.tables.server(server);
}

export function begin(world: World, server: Server, action: InstanceAction, event: string, host: string): ActionEvent {
  const made: ActionEvent = { event, host, started: world.now(), finished: null, result: null, details: null };
  action.events.push(made);
  action.updated = made.started;
  world.tables.action(server, action);
  return made;
}

/** Ends an event; with a problem the whole action is marked as failed. */
export function end(
  world: World,
  server: Server,
  action: InstanceAction,
  event: ActionEvent,
  problem: string | null = null,
): void {
  // nova looks for the event by its name, so of several alike it is always the first that ends
  const ended = action.events.find((each) => each.event === event.event) ?? event;
  ended.finished = world.now();
  ended.result = problem === null ? 'Success' : 'Error';
  ended.details = problem;
  action.updated = ended.finished;
  if (problem !== null) action.message = 'Error';
  world.tables.action(server, action);
}

export function recordFault(world: World, server: Server, message: string, code = 500): void {
  server.fault = { code, message, created: world.now() };
  world.tables.fault(server, server.fault);
}
