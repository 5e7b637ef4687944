import { badRequest } from '../fault.ts';
import type { Answer } from '../http.ts';
import { type Fields, isFields, repr } from '../json.ts';
import type { Server } from '../world.ts';
import { FLAGS, invalid, oneOf, onlyKeys, required } from './checks.ts';
import { type NovaContext, recordAction } from './context.ts';
import { refuseShares, requireState, setTask } from './guards.ts';
import { conduct, type LiveWish } from './live-conduct.ts';

const FIELD = 'os-migrateLive';

/** The body must be in the form of its microversion; looked at before anything else. */
export function checkLiveBody({ minor }: NovaContext, value: unknown): void {
  if (!isFields(value)) throw invalid(FIELD, value, `${repr(value)} is not of type 'object'`);
  const needed = ['block_migration', 'host', ...(minor < 25 ? ['disk_over_commit'] : [])];
  onlyKeys(FIELD, value, minor >= 30 && minor < 68 ? [...needed, 'force'] : needed);
  checkTypes(value, minor);
  required(FIELD, value, needed);
  if (value['force'] === true && value['host'] === null) throw badRequest("Can't force to a non-provided destination");
}

function checkTypes(value: Fields, minor: number): void {
  const { host, block_migration: block } = value;
  if (host !== undefined && host !== null && typeof host !== 'string') {
    throw invalid('host', host, `${repr(host)} is not of type 'string', 'null'`);
  }
  if (block !== undefined) oneOf('block_migration', block, minor < 25 ? FLAGS : [...FLAGS, 'auto']);
}

export async function liveMigrate(context: NovaContext, server: Server, value: unknown): Promise<Answer> {
  const { world, minor } = context;
  const body = isFields(value) ? value : {};
  refuseShares(server);
  refuseHardware(server);
  requireState(server, FIELD, ['active', 'paused']);
  const host = typeof body['host'] === 'string' ? body['host'] : null;
  if (host !== null && !world.hosts.has(host)) throw badRequest(`Compute host ${host} could not be found.`);

  // from 2.30 a named host is a wish to the scheduler, unless forced; before, it is simply taken
  const bypass = host !== null && (minor < 30 || body['force'] === true);
  const wish: LiveWish = { forced: bypass ? host : null, only: bypass ? null : host };
  const action = recordAction(context, server, 'live-migration');
  setTask(world, server, 'migrating');
  if (minor >= 34) {
    world.spawn(async () => {
      await world.sleep(200);
      await conduct(context, server, action, wish, 'conductor_live_migrate_instance');
    });
    return { status: 202 };
  }
  const problem = await conduct(context, server, action, wish, 'conductor_migrate_server');
  if (problem !== null) throw badRequest(problem);
  return { status: 202 };
}

/** Looked at before the state: what libvirt cannot carry over is refused at once. */
function refuseHardware({ id, flavor: { extraSpecs } }: Server): void {
  const kind = extraSpecs['hw:mem_encryption'] === 'true' ? 'SEV' : 'hw:tpm_version' in extraSpecs ? 'vTPM' : null;
  if (kind !== null) throw badRequest(`Operation 'live-migration' not supported for ${kind}-enabled instance (${id}).`);
}
