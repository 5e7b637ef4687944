import { median, openGround, printTable, quantile } from './ground.ts';
import { openRoom } from './room.ts';

/**
 * From a line in a chat to its answer in the chat, through rows and bells, beside the cloud's own time for the same
 * question asked directly. Goal: at most 10 ms (p50) above the cloud's own time.
 *
 *     bench/run answer [lines]
 */
const lines = Number(process.argv[2] ?? 300);
const line = 'servers --host cmp1';
const ground = await openGround({ SIMULATOR_SERVERS: '100', SIMULATOR_TOKEN_ROWS: '0' });
const room = await openRoom(ground);
const reader = room.registry.interpret(line);
const whole: number[] = [];
const own: number[] = [];
for (let number = -20; number < lines; number += 1) {
  const direct = await timed(ask);
  const said = await timed(() => room.say('alice', line));
  if (number >= 0) {
    own.push(direct);
    whole.push(said);
  }
}
const above = whole.map((value, index) => value - (own[index] ?? 0));
printTable(
  `${lines} lines of "!${line}"`,
  ['what', 'p50 ms', 'p95 ms'],
  [
    ["the cloud's own time (the command asked directly)", median(own).toFixed(1), quantile(own, 0.95).toFixed(1)],
    ['line to answer', median(whole).toFixed(1), quantile(whole, 0.95).toFixed(1)],
    ['above the cloud (goal 10 at p50)', median(above).toFixed(1), quantile(above, 0.95).toFixed(1)],
  ],
);
await room.stop();
await ground.stop();

async function ask(): Promise<void> {
  if (!reader.ok || reader.command.kind !== 'query') throw new Error('the question does not parse');
  await reader.command.answer(reader.values, {
    cloud: ground.cloud,
    leases: { find: async () => null, list: async () => [] },
    backups: { find: async () => null, list: async () => [] },
    by: { human: 'alice' },
    now: new Date(),
    signal: new AbortController().signal,
    campaigns: { of: async () => null },
    mustArchive: false,
    history: { drains: async () => [], moved: async () => null, mover: async () => null, edited: async () => null },
    heedsWishes: () => false,
    closedPerZone: null,
    leaseMs: () => null,
    holder: async () => null,
    jobOn: async () => null,
    held: async () => [],
  });
}

async function timed(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}
