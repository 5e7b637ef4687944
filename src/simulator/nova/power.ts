import { answers, hostOf } from '../hosts.ts';
import type { Answer } from '../http.ts';
import { isFields, repr } from '../json.ts';
import type { Server, VmState, World } from '../world.ts';
import { invalid, oneOf, required } from './checks.ts';
import { type NovaContext, recordAction } from './context.ts';
import { begin, end, refuseLocked, requireState, setTask, type Tasks, touch } from './guards.ts';

/** An act that nova-compute does to a guest in its place. */
interface PowerAct {
  readonly verb: string;
  readonly states: readonly VmState[];
  readonly tasks?: Tasks;
  readonly event: string;
  readonly task: string;
  readonly after: VmState;
  readonly power: number;
}

const ACTS: Readonly<Record<string, PowerAct>> = {
  'os-stop': {
    verb: 'stop',
    states: ['active', 'paused', 'suspended', 'error', 'rescued'],
    event: 'compute_stop_instance',
    task: 'powering-off',
    after: 'stopped',
    power: 4,
  },
  'os-start': {
    verb: 'start',
    states: ['stopped'],
    event: 'compute_start_instance',
    task: 'powering-on',
    after: 'active',
    power: 1,
  },
  pause: {
    verb: 'pause',
    states: ['active'],
    event: 'compute_pause_instance',
    task: 'pausing',
    after: 'paused',
    power: 3,
  },
  unpause: {
    verb: 'unpause',
    states: ['paused'],
    event: 'compute_unpause_instance',
    task: 'unpausing',
    after: 'active',
    power: 1,
  },
  suspend: {
    verb: 'suspend',
    states: ['active'],
    event: 'compute_suspend_instance',
    task: 'suspending',
    after: 'suspended',
    power: 4,
  },
  resume: {
    verb: 'resume',
    states: ['suspended'],
    event: 'compute_resume_instance',
    task: 'resuming',
    after: 'active',
    power: 1,
  },
  rescue: {
    verb: 'rescue',
    states: ['active', 'stopped', 'error'],
    event: 'compute_rescue_instance',
    task: 'rescuing',
    after: 'rescued',
    power: 1,
  },
  unrescue: {
    verb: 'unrescue',
    states: ['rescued'],
    event: 'compute_unrescue_instance',
    task: 'unrescuing',
    after: 'active',
    power: 1,
  },
};

export function powerAct(name: string): ((context: NovaContext, server: Server) => Answer) | undefined {
  const act = ACTS[name];
  return act && ((context, server) => perform(context, server, act));
}

function perform(context: NovaContext, server: Server, act: PowerAct): Answer {
  refuseLocked(context, server);
  requireState(server, act.verb, act.states, act.tasks);
  carryOut(context, server, act);
  // rescue alone answers with a password
  if (act.verb === 'rescue') return { status: 200, body: { adminPass: context.world.chance.letters(12) } };
  return { status: 202 };
}

export function checkRebootBody(_context: NovaContext, value: unknown): void {
  if (!isFields(value)) throw invalid('reboot', value, `${repr(value)} is not of type 'object'`);
  required('reboot', value, ['type']);
  oneOf('type', value['type'], ['HARD', 'Hard', 'hard', 'SOFT', 'Soft', 'soft']);
}

export function reboot(context: NovaContext, server: Server, type: unknown): Answer {
  refuseLocked(context, server);
  const hard = String(type).toUpperCase() === 'HARD';
  const states: readonly VmState[] = hard ? ['active', 'stopped', 'paused', 'suspended', 'error'] : ['active'];
  const tasks: Tasks = hard ? [null, 'rebooting', 'rebooting_hard', 'resuming', 'unpausing', 'suspending'] : [null];
  const task = hard ? 'rebooting_hard' : 'rebooting';
  const act: PowerAct = { verb: 'reboot', states, event: 'compute_reboot_instance', task, after: 'active', power: 1 };
  requireState(server, 'reboot', states, tasks);
  carryOut(context, server, act);
  return { status: 202 };
}

function carryOut(context: NovaContext, server: Server, act: PowerAct): void {
  const { world } = context;
  const action = recordAction(context, server, act.verb);
  setTask(world, server, act.task);
  world.spawn(async () => {
    const host = hostOf(world, server.host);
    await answers(world, host);
    const event = begin(world, server, action, act.event, host.name);
    await world.sleep(300);
    // something stronger, as an evacuation or a reset, took the server meanwhile
    if (server.taskState !== act.task || server.host !== host.name) return;
    settle(world, server, act);
    end(world, server, action, event);
  });
}

function settle(world: World, server: Server, act: PowerAct): void {
  server.vmState = act.after;
  server.powerState = act.power;
  server.taskState = null;
  touch(world, server);
}
