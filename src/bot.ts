import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Adapter, Message, Place } from './chat/message.ts';
import { NotTaken } from './chat/message.ts';
import { refuse } from './chat/report.ts';
import type { Registry } from './command/registry.ts';
import { advanceCampaigns } from './desk/campaigning.ts';
import type { ChatState } from './desk/desk.ts';
import { fireSchedules } from './desk/firing.ts';
import type { Opened } from './desk/open-jobs.ts';
import { type Answer, type DispatchParts, dispatch } from './dispatch.ts';
import { every } from './every.ts';
import type { Asked } from './jobs/asked.ts';
import { deliver } from './jobs/deliver.ts';
import { letGoOf, openHold } from './jobs/holding.ts';
import { prune } from './jobs/prune.ts';
import type { Bells, Listener } from './jobs/queue.ts';
import { passTimes } from './jobs/times.ts';
import { sayUnwritten } from './jobs/unwritten.ts';
import { openVoice as freshVoice } from './jobs/voice.ts';
import type { Log } from './log.ts';
import { type Database, isUnreachable } from './mysql/database.ts';
import type { Policy } from './policy/policy.ts';

export interface BotOptions {
  readonly version: string;
  readonly database: Database;
  readonly bells: Bells;
  readonly registry: Registry;
  readonly adapters: readonly Adapter[];
  readonly log: Log;
  readonly prefix: string;
  /** What this installation is called. */
  readonly environment?: string;
  policy(): Policy;
}

export interface RunningBot {
  readonly name: string;
  stop(): Promise<void>;
}

const sweepMs = 5000;
/** After a look at what is to be said: bells that ring meanwhile are answered by one more look together. */
const restMs = 5;
/** The same where several were found: more will come, and fewer looks leave more time to take what people say. */
const busyRestMs = 20;
const timesMs = 1000;
const pruneMs = 3_600_000;
const holdMs = 15_000;
/** What is being said or taken at the end is let through that long; the rest is rows for the next bot. */
const partingMs = 8000;

/** Hears, delivers, fires times. Knows no cloud: its only doors are the chats, the rows and the bell. */
export async function startBot(options: BotOptions): Promise<RunningBot> {
  const name = `${hostname()}-${process.pid}-${randomBytes(3).toString('hex')}`;
  const voices = await Promise.all(options.adapters.map((adapter) => openVoice(options, name, adapter)));
  // Apart, so that a schedule or campaign that breaks keeps no question, plan or parked job from its time.
  const schedules = every(timesMs, () => ringFor(options, fireSchedules), options.log);
  const campaigns = every(timesMs, () => ringFor(options, advanceCampaigns), options.log);
  const times = every(timesMs, () => fireTimes(options, voices), options.log);
  const pruning = every(pruneMs, () => prune(options.database), options.log);
  const parts: DispatchParts = {
    ...options,
    bells: heardHere(options.bells, voices),
    chats: () => options.adapters.map(stateOf),
  };
  const underWay = new Set<Promise<void>>();
  function follow(work: Promise<void>): void {
    const followed = work.finally(() => underWay.delete(followed)).catch(() => undefined);
    underWay.add(followed);
  }
  function listenTo({ adapter, asked }: Voice): Promise<void> {
    return adapter.start((message) => {
      const question = asked.hear(message);
      const taken = hear(parts, message).then((answer) => {
        if (answer === 'in rows') question.written();
        else if (answer === null) question.over();
        else follow(sayUnwritten({ ...options, adapter, question }, message, answer));
      });
      follow(taken.catch(question.over));
      return taken;
    });
  }
  for (const voice of voices) await listenTo(voice);
  return {
    name,
    async stop() {
      const sweeps = [
        schedules.stop(),
        campaigns.stop(),
        times.stop(),
        pruning.stop(),
        ...voices.map((voice) => voice.stop()),
      ];
      await inTime(Promise.allSettled(sweeps));
      await inTime(Promise.allSettled(options.adapters.map((adapter) => adapter.stop())));
      await inTime(Promise.allSettled(underWay));
      await letGoOf(options.database, name).catch(() => undefined);
    },
  };
}

async function inTime(work: Promise<unknown>): Promise<void> {
  await Promise.race([work, sleep(partingMs, undefined, { ref: false })]);
}

/**
 * Takes one message: what it resolves to is to be said at once, without a row. A bug is told with a number that the log
 * has too; a database that is away is not taken, and the chat may tell it again.
 */
async function hear(parts: DispatchParts, message: Message): Promise<Answer> {
  try {
    return await dispatch(message, parts);
  } catch (error) {
    const trouble = randomBytes(2).toString('hex');
    parts.log.error({ err: error, trouble, place: message.place.id }, 'a message could not be taken');
    if (isUnreachable(error))
      throw new NotTaken(
        `vigie's database does not answer, ${trouble}: type jobs in a minute, and say it again if it is not there`,
      );
    return refuse(`something broke, ${trouble}: nothing was done; say it again, or look into the log`);
  }
}

function stateOf(adapter: Adapter): ChatState {
  const { connection, able } = adapter;
  return { connection, connected: adapter.connected(), problem: adapter.problem?.() ?? null, edits: able.edit };
}

/** A bell for whom this bot speaks is heard at once; all others go through the queue. */
function heardHere(bells: Bells, voices: readonly Voice[]): Bells {
  return {
    ...bells,
    async ring(queue, id, once) {
      const voice = voices.find(({ adapter }) => queue === `say-${adapter.connection}`);
      if (voice?.speaks()) voice.heard(id);
      else await bells.ring(queue, id, once);
    },
  };
}

interface Voice {
  readonly adapter: Adapter;
  readonly asked: Asked;
  /** It holds the connection now. */
  speaks(): boolean;
  /** A bell, with the place or the job that there is something to say of. */
  heard(id: string): void;
  again(): Promise<void>;
  stop(): Promise<void>;
}

/** One connection's deliveries: said only by the bot that holds the connection. */
async function openVoice(options: BotOptions, name: string, adapter: Adapter): Promise<Voice> {
  const { database, log, prefix } = options;
  const voice = freshVoice(() => void sweep.again());
  const turns = new Set<Promise<void>>();
  let stopping = false;
  const { mine, keep, leave } = openHold(database, {
    what: `connection:${adapter.connection}`,
    holder: name,
    ms: holdMs,
    anew: () => forget(adapter, voice),
  });
  const ear = openEar(() => options.bells.listen(`say-${adapter.connection}`, 1, sweep.again));
  const mayGoOn = async () => adapter.connected() && (await keep()) && !stopping;
  const operations = () => placeOf(options.policy().operations);
  const parts = { database, adapter, log, prefix, operations, mayGoOn, mine };
  async function say(): Promise<void> {
    // To a bot that is connected, if there is one, and once it is known what became of all that was being said.
    if (!adapter.connected()) await (turns.size === 0 ? leave() : keep());
    const held = await mayGoOn();
    await ear.openWhile(held && !stopping);
    if (!held || stopping) return;
    for (const turn of await deliver(parts, voice)) {
      const ended = turn
        .catch((error: unknown) => log.warn({ err: error }, 'a place could not be served; the next sweep comes'))
        .finally(() => turns.delete(ended))
        .then(() => void (voice.more && sweep.again()));
      turns.add(ended);
    }
    await sleep(voice.found > 1 ? busyRestMs : restMs);
  }
  const sweep = every(sweepMs, say, log);
  return {
    adapter,
    asked: voice.asked,
    speaks: mine,
    heard(id) {
      // A place that is being served looks again when there is room.
      if ([...voice.busy].some((ear) => ear.startsWith(`${id} `))) voice.more = true;
      else void sweep.again();
    },
    again: sweep.again,
    async stop() {
      stopping = true;
      await sweep.stop();
      await Promise.allSettled(turns);
      await ear.openWhile(false);
    },
  };
}

/** What another bot has shown meanwhile nobody here knows. */
function forget(adapter: Adapter, { shown }: ReturnType<typeof freshVoice>): void {
  shown.clear();
  adapter.forget?.();
}

/** A bell heard by a bot that does not hold the connection would be lost. */
function openEar(listen: () => Promise<Listener>) {
  let listener: Listener | null = null;
  return {
    async openWhile(held: boolean): Promise<void> {
      if (held && listener === null) listener = await listen();
      if (held || listener === null) return;
      const silenced = listener;
      listener = null;
      await silenced.close();
    },
  };
}

function placeOf(id: string | null): Place | null {
  return id === null ? null : { adapter: id.split(':')[0] ?? id, id, kind: 'channel' };
}

async function ringFor(options: BotOptions, work: (parts: BotOptions) => Promise<Opened[]>): Promise<void> {
  const opened = await work(options);
  await Promise.all(opened.map(({ queue, id, once }) => options.bells.ring(queue, id, once)));
}

async function fireTimes(options: BotOptions, voices: readonly Voice[]): Promise<void> {
  try {
    const woken = await passTimes(options.database);
    await Promise.all(
      woken.map(({ id, cloud, epoch }) => options.bells.ring(`do-${cloud}`, id, `${id}-${epoch}-woken`)),
    );
  } finally {
    for (const voice of voices) void voice.again();
  }
}
