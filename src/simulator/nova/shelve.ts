import { allocate, answers, hostOf, placeServer } from '../hosts.ts';
import type { Answer } from '../http.ts';
import { schedule } from '../scheduler.ts';
import type { Server } from '../world.ts';
import { type NovaContext, recordAction } from './context.ts';
import { begin, end, isGone, recordFault, refuseLocked, requireState, setTask } from './guards.ts';

/** Shelved servers are offloaded at once, as by default: they keep no host. */
export function shelve(context: NovaContext, server: Server): Answer {
  const { world } = context;
  refuseLocked(context, server);
  requireState(server, 'shelve', ['active', 'stopped', 'paused', 'suspended']);
  const action = recordAction(context, server, 'shelve');
  setTask(world, server, 'shelving');
  world.spawn(async () => {
    const host = hostOf(world, server.host);
    await answers(world, host);
    const event = begin(world, server, action, 'compute_shelve_instance', host.name);
    await world.sleep(300);
    if (isGone(world, server)) return;
    allocate(world, server, null);
    placeServer(world, server, null);
    server.vmState = 'shelved_offloaded';
    server.powerState = 4;
    setTask(world, server, null);
    end(world, server, action, event);
  });
  return { status: 202 };
}

export function unshelve(context: NovaContext, server: Server): Answer {
  const { world } = context;
  refuseLocked(context, server);
  requireState(server, 'unshelve', ['shelved', 'shelved_offloaded']);
  const action = recordAction(context, server, 'unshelve');
  setTask(world, server, 'unshelving');
  world.spawn(async () => {
    await world.sleep(200);
    if (isGone(world, server)) return;
    const choice = schedule(world, server, {});
    const host = 'hosts' in choice ? choice.hosts[0] : undefined;
    if (!host) {
      recordFault(world, server, 'No valid host was found. There are not enough hosts available.');
      return setTask(world, server, null);
    }
    allocate(world, server, host.name);
    placeServer(world, server, host.name);
    await answers(world, host);
    const event = begin(world, server, action, 'compute_unshelve_instance', host.name);
    await world.sleep(300);
    if (isGone(world, server)) return;
    server.vmState = 'active';
    server.powerState = 1;
    setTask(world, server, null);
    end(world, server, action, event);
  });
  return { status: 202 };
}
