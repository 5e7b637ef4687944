import { open } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { ArchiveSettings } from '../../src/archive/place.ts';
import type { StepContext } from '../../src/command/command.ts';
import type { Json, Outcome } from '../../src/command/outcome.ts';
import { sweepTokens } from '../../src/command/tokens/sweep-step.ts';
import { connectDatabases, type OperatorDsns } from '../../src/mysql/databases.ts';
import type { Cloud, SweptTable } from '../../src/openstack/cloud.ts';
import { OpenStackError } from '../../src/openstack/errors.ts';

/** A purge whose rows are in memory: looked at while it runs, and run again where the engine would. */
export interface Sweeping {
  readonly notes: string[];
  readonly marks: Json[];
  cancel(): void;
  /** As the engine does: what passes by itself is looked at again, a little later. */
  run(): Promise<Outcome>;
  close(): Promise<void>;
}

interface Wish {
  readonly dsns: Omit<OperatorDsns, 'cells'>;
  readonly archive?: ArchiveSettings;
  readonly table?: SweptTable;
  readonly index?: string;
  readonly purge?: boolean;
  /** By the worker's clock. */
  readonly hoursAgo?: number;
  /** Called before each delete. */
  readonly onChunk?: (chunk: number) => Promise<void> | void;
  readonly pauseMs?: number;
}

export function openSweeping({
  dsns,
  archive,
  table = 'token',
  index,
  purge = true,
  hoursAgo = 48,
  onChunk,
  pauseMs = 50,
}: Wish): Sweeping {
  const databases = connectDatabases({ cloud: 'demo', dsns: { cells: {}, ...dsns }, archive, now: () => new Date() });
  const memory: Memory = { notes: [], marks: [], cancelled: false };
  const cutoff = new Date(Date.now() - hoursAgo * 3_600_000).toISOString().slice(0, 19).replace('T', ' ');
  const input = { table, cutoff, archive: archive !== undefined, purge, index: index ?? null, expected: null };
  const context = contextOf(memory, { name: 'demo', databases } as unknown as Cloud, onChunk);
  return {
    notes: memory.notes,
    marks: memory.marks,
    cancel: () => {
      memory.cancelled = true;
    },
    async run() {
      for (let turn = 0; ; turn += 1) {
        try {
          return await sweepTokens(input, context);
        } catch (error) {
          if (!(error instanceof OpenStackError) || turn > 200) throw error;
          memory.notes.push(`${error.message} (again)`);
          await delay(pauseMs);
        }
      }
    },
    async close() {
      await databases.close();
      refuseTokens('a note', memory.notes);
      refuseTokens('a mark', memory.marks);
    },
  };
}

interface Memory {
  readonly notes: string[];
  readonly marks: Json[];
  cancelled: boolean;
}

function contextOf(memory: Memory, cloud: Cloud, onChunk: Wish['onChunk']): StepContext {
  const { notes, marks } = memory;
  const signal = new AbortController().signal;
  let chunks = 0;
  return {
    cloud,
    job: { id: 'test', human: 'alice', line: 'tokens purge' },
    get checkpoint() {
      return marks.at(-1) ?? null;
    },
    startedAt: new Date(),
    signal,
    cancelled: () => memory.cancelled,
    now: () => new Date(),
    sleep: (ms: number) => delay(Math.min(ms, 200)),
    remember: async (mark: Json) => void marks.push(mark),
    progress: (note: string) => void notes.push(note),
    async act<T>(intent: Json, request: (limits: { signal: AbortSignal; notAfter: number }) => Promise<T>): Promise<T> {
      marks.push(intent);
      chunks += 1;
      await onChunk?.(chunks);
      return request({ signal, notAfter: performance.now() + 2000 });
    },
  } as unknown as StepContext;
}

/** Whatever is written down on the way goes to chats, logs and rows: a place is a piece of an id, never a whole one. */
export function refuseTokens(where: string, written: unknown): void {
  const [found] = /.{0,60}[0-9a-f]{32}.{0,60}/.exec(JSON.stringify(written)) ?? [];
  if (found !== undefined) throw new Error(`${where} of a sweep holds a token: ${found}`);
}

/** The next chunk is still on its way to the disk when the archive ends. Undone by the returned function. */
export async function slowWrites(folder: string): Promise<() => void> {
  const handle = await open(folder);
  const shared = Object.getPrototypeOf(handle);
  await handle.close();
  const { write } = shared;
  shared.write = async function slow(this: unknown, ...what: unknown[]): Promise<unknown> {
    await delay(200);
    return write.apply(this, what);
  };
  return () => {
    shared.write = write;
  };
}
