import { badRequest } from '../fault.ts';
import type { Answer } from '../http.ts';
import { isFields, repr } from '../json.ts';
import type { Server } from '../world.ts';
import { invalid } from './checks.ts';
import { checkMigrateBody, confirmResize, migrate, revertResize } from './cold.ts';
import { admin, bodyFields, type NovaContext, recordAction, refused, serverOf } from './context.ts';
import { checkEvacuateBody, evacuate } from './evacuate.ts';
import { touch } from './guards.ts';
import { forceDelete } from './lifecycle.ts';
import { checkLiveBody, liveMigrate } from './live-request.ts';
import { lock, unlock } from './locks.ts';
import { checkRebootBody, powerAct, reboot } from './power.ts';
import { shelve, unshelve } from './shelve.ts';

type Act = (context: NovaContext, server: Server, value: unknown) => Answer | Promise<Answer>;

/** What only admins may do, and the rule that says so. */
const FOR_ADMINS: Readonly<Record<string, string>> = {
  'os-migrateLive': 'os-migrate-server:migrate_live',
  migrate: 'os-migrate-server:migrate',
  evacuate: 'os-evacuate',
  'os-resetState': 'os-admin-actions:reset_state',
};

const BODIES: Readonly<Record<string, (context: NovaContext, value: unknown) => void>> = {
  'os-migrateLive': checkLiveBody,
  evacuate: checkEvacuateBody,
  'os-resetState': checkResetBody,
  migrate: checkMigrateBody,
  reboot: checkRebootBody,
};

const ACTS: Readonly<Record<string, Act>> = {
  'os-migrateLive': liveMigrate,
  migrate,
  confirmResize,
  revertResize,
  evacuate,
  lock,
  unlock,
  shelve,
  unshelve,
  forceDelete,
  'os-resetState': resetState,
  reboot: (context, server, value) => reboot(context, server, isFields(value) ? value['type'] : undefined),
};

/** POST servers/ID/action: the body's one key names what to do. */
export async function serverAction(context: NovaContext): Promise<Answer> {
  const body = bodyFields(context);
  const [name] = Object.keys(body);
  if (name === undefined) throw badRequest('Malformed request body');
  const act = ACTS[name] ?? powerAct(name);
  if (!act) throw badRequest(`There is no such action: ${name}`);
  BODIES[name]?.(context, body[name]);
  const server = serverOf(context);
  const rule = FOR_ADMINS[name];
  if (rule !== undefined && !admin(context)) throw refused(rule);
  return act(context, server, body[name]);
}

function checkResetBody(_context: NovaContext, value: unknown): void {
  const state = isFields(value) ? value['state'] : undefined;
  if (state !== 'active' && state !== 'error')
    throw invalid('state', state, `${repr(state)} is not one of ['active', 'error']`);
}

function resetState(context: NovaContext, server: Server, value: unknown): Answer {
  recordAction(context, server, 'resetState');
  server.vmState = isFields(value) && value['state'] === 'error' ? 'error' : 'active';
  server.taskState = null;
  touch(context.world, server);
  return { status: 202 };
}
