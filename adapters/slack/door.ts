import { setTimeout as sleep } from 'node:timers/promises';
import { memory } from '../../src/chat/memory.ts';
import { type Message, NotTaken } from '../../src/chat/message.ts';
import { openExcuses } from './excuses.ts';
import type { Heard, Hearing } from './hearing.ts';
import type { Log } from './options.ts';

/** What Bolt's receivers hand over, verified by them. */
export interface Envelope {
  readonly body: unknown;
  ack(response?: object): Promise<void>;
  readonly retryNum?: number | undefined;
}

/** Thrown to a receiver: there is to be no acknowledgement, and Slack may tell it again. */
export class NoAck extends Error {
  override readonly name = 'NoAck';
}

export interface DoorOptions {
  readonly hearing: Hearing;
  readonly log: Log;
  hear(message: Message): Promise<void>;
  /** One line to one person, outside all rows. */
  tell(message: Message, words: string): Promise<void>;
}

/**
 * Stands where Bolt would have its App, which acknowledges before anything listens: here the acknowledgement leaves
 * after the message is in rows, and not at all where it is not.
 */
export interface Door {
  processEvent(envelope: Envelope): Promise<void>;
  /** Takes nothing more; resolves when what was begun has its answer. */
  close(): Promise<void>;
}

/** So long Slack may be asked who spoke and where. */
const hearingMs = 2200;

export function openDoor({ hearing, log, hear, tell }: DoorOptions): Door {
  const underWay = new Set<Promise<void>>();
  const hearOnce = onlyOnce(hear);
  const excuse = openExcuses({ log, tell });
  let closed = false;

  async function take(envelope: Envelope): Promise<void> {
    let told: Heard | null = null;
    try {
      told = await Promise.race([hearing(envelope.body), late()]);
      if (told !== null) await hearOnce(told.message);
      const note = told?.note;
      await envelope.ack(note === undefined ? undefined : { response_type: 'ephemeral', text: note });
      if (told?.also !== undefined) await showAlso(told.also);
    } catch (error) {
      const again = (envelope.retryNum ?? 0) > 0;
      if (error instanceof NotTaken && !again) void excuse(told, envelope.body, error.message);
      if (!(error instanceof NotTaken)) log('warn', { err: error }, 'what Slack told could not be taken');
      throw new NoAck('not taken');
    }
  }

  /** What was pressed is in rows: that nothing is shown for it must not say otherwise. */
  async function showAlso(message: Message): Promise<void> {
    await hear(message).catch((err: unknown) => log('warn', { err }, 'a home could not be shown anew'));
  }

  return {
    async processEvent(envelope) {
      if (closed) throw new NoAck('vigie stops');
      const work = take(envelope);
      const followed = work.catch(() => undefined).finally(() => underWay.delete(followed));
      underWay.add(followed);
      await work;
    },
    async close() {
      closed = true;
      await Promise.all(underWay);
    },
  };
}

/** What is in rows, or on its way there, and is told again is not taken again, however much there is to do. */
function onlyOnce(hear: DoorOptions['hear']): DoorOptions['hear'] {
  const taken = memory<Promise<void>>(10_000);
  return (message) => {
    const known = taken.get(message.key);
    if (known !== undefined) return known;
    const taking = hear(message).catch((error: unknown) => {
      taken.delete(message.key);
      throw error;
    });
    taken.set(message.key, taking);
    return taking;
  };
}

/** Slack waits 3 s for an acknowledgement: who spoke hears within them that nothing was taken. */
async function late(): Promise<never> {
  await sleep(hearingMs, undefined, { ref: false });
  throw new NotTaken('Slack is slow to tell vigie who you are: say it again in a minute');
}
