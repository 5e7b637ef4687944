import { randomBytes } from 'node:crypto';
import { startBot } from '../src/bot.ts';
import type { Adapter, Message, Place } from '../src/chat/message.ts';
import type { Report } from '../src/chat/report.ts';
import type { Registry } from '../src/command/registry.ts';
import { loadRegistry } from '../src/command/registry.ts';
import { openBells } from '../src/jobs/queue.ts';
import { policyOf } from '../src/policy/policy.ts';
import { parsePolicy } from '../src/policy/policy-file.ts';
import { startWorker } from '../src/worker.ts';
import { type Ground, log } from './ground.ts';

/** A chat on this side of the adapter port, with a bot and a worker behind it. */
export interface Room {
  readonly registry: Registry;
  /** Says the line as that person; resolves once anything is posted, or what `answers` it is posted or revised. */
  say(person: string, line: string, answers?: (report: Report) => boolean): Promise<void>;
  stop(): Promise<void>;
}

const place: Place = { adapter: 'bench', id: 'bench:room', kind: 'channel' };
export const people = `
people:
  alice: { accounts: [bench:alice], roles: [operator, approver] }
  bob: { accounts: [bench:bob], roles: [operator, approver] }
  carol: { accounts: [bench:carol], roles: [operator, approver] }
rules: [ { allow: [everyone] } ]
places: { "bench:room": { cloud: demo } }
`;

/** `workers: 0`: a worker of its own process takes the jobs. */
export async function openRoom(ground: Ground, { workers = 1 } = {}): Promise<Room> {
  const bells = openBells(ground.redisUrl);
  const registry = await loadRegistry(new URL('../commands', import.meta.url));
  const policy = policyOf(parsePolicy(people, 'policy.yaml'));
  const shared = { version: 'bench', database: ground.database, bells, registry, log, policy: () => policy };
  const worker =
    workers === 0 ? null : await startWorker({ ...shared, clouds: ['demo'], cloud: async () => ground.cloud });
  let told: (report: Report, isNew: boolean) => void = () => {};
  let hear: (message: Message) => Promise<void> = async () => {};
  const adapter: Adapter = {
    name: 'bench',
    connection: place.id,
    able: { buttons: false, reactions: false, files: false, edit: true, private: false, find: false, threads: false },
    start: async (listener) => {
      hear = listener;
    },
    post: async (where, report) => {
      told(report, true);
      return { place: where, handle: randomBytes(4).toString('hex') };
    },
    find: async () => null,
    revise: async (_, report) => told(report, false),
    connected: () => true,
    stop: async () => {},
  };
  const bot = await startBot({ ...shared, adapters: [adapter], prefix: '!' });
  return {
    registry,
    async say(person, line, answers) {
      const answered = new Promise<void>((resolve) => {
        told = (report, isNew) => void ((answers?.(report) ?? isNew) && resolve());
      });
      const from = { account: `bench:${person}`, name: person };
      await hear({ key: randomBytes(6).toString('hex'), from, place, text: `!${line}`, at: new Date() });
      await answered;
    },
    async stop() {
      await bot.stop();
      await worker?.stop();
      await bells.close();
    },
  };
}
