import { randomBytes } from 'node:crypto';
import { startBot } from '../src/bot.ts';
import type { Adapter, Message, Place } from '../src/chat/message.ts';
import { loadRegistry } from '../src/command/registry.ts';
import { openBells } from '../src/jobs/queue.ts';
import { policyOf } from '../src/policy/policy.ts';
import { parsePolicy } from '../src/policy/policy-file.ts';
import { startWorker } from '../src/worker.ts';
import { log, median, openGround, printTable, quantile } from './ground.ts';

/**
 * From a line in a chat to its answer in the chat, through rows and bells, beside the cloud's own time for the same
 * question asked directly. Goal: at most 10 ms (p50) above the cloud's own time.
 *
 *     npx tsx bench/answer.ts [lines]
 */
const lines = Number(process.argv[2] ?? 300);
const place: Place = { adapter: 'bench', id: 'bench:room', kind: 'channel' };
const ground = await openGround({ SIMULATOR_SERVERS: '100', SIMULATOR_TOKEN_ROWS: '0' });
const bells = openBells(ground.redisUrl);
const registry = await loadRegistry(new URL('../commands', import.meta.url));
const policy = policyOf(
  parsePolicy(
    'people: { alice: { accounts: [bench:alice], roles: [operator] } }\nrules: [ { allow: [everyone] } ]\nplaces: { "bench:room": { cloud: demo } }\n',
    'policy.yaml',
  ),
);
const shared = { version: 'bench', database: ground.database, bells, registry, log, policy: () => policy };
const worker = await startWorker({ ...shared, clouds: ['demo'], cloud: async () => ground.cloud });

let posted: () => void = () => {};
let hear: (message: Message) => Promise<void> = async () => {};
const room: Adapter = {
  name: 'bench',
  connection: 'bench:room',
  able: { buttons: false, reactions: false, files: false, edit: true, private: false, find: false },
  start: async (listener) => {
    hear = listener;
  },
  post: async (where) => {
    posted();
    return { place: where, handle: randomBytes(4).toString('hex') };
  },
  find: async () => null,
  revise: async () => {},
  connected: () => true,
  stop: async () => {},
};
const bot = await startBot({ ...shared, adapters: [room], prefix: '!' });

const question = '!servers --host cmp1';
const reader = registry.interpret('servers --host cmp1');
const whole: number[] = [];
const own: number[] = [];
for (let number = -20; number < lines; number += 1) {
  const direct = await timed(ask);
  const said = await timed(() => say(`m${number}`));
  if (number >= 0) {
    own.push(direct);
    whole.push(said);
  }
}
const above = whole.map((value, index) => value - (own[index] ?? 0));
printTable(
  `${lines} lines of "${question}"`,
  ['what', 'p50 ms', 'p95 ms'],
  [
    ["the cloud's own time (the command asked directly)", median(own).toFixed(1), quantile(own, 0.95).toFixed(1)],
    ['line to answer', median(whole).toFixed(1), quantile(whole, 0.95).toFixed(1)],
    ['above the cloud (goal 10 at p50)', median(above).toFixed(1), quantile(above, 0.95).toFixed(1)],
  ],
);
await bot.stop();
await worker.stop();
await bells.close();
await ground.stop();

async function ask(): Promise<void> {
  if (!reader.ok || reader.command.kind !== 'query') throw new Error('the question does not parse');
  const none = { find: async () => null, list: async () => [] };
  const context = {
    cloud: ground.cloud,
    leases: none,
    by: { human: 'alice' },
    now: new Date(),
    signal: new AbortController().signal,
    leaseMs: () => null,
    holder: async () => null,
  };
  await reader.command.answer(reader.values, context);
}

async function say(key: string): Promise<void> {
  const answered = new Promise<void>((resolve) => {
    posted = resolve;
  });
  await hear({ key, from: { account: 'bench:alice', name: 'alice' }, place, text: question, at: new Date() });
  await answered;
}

async function timed(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}
