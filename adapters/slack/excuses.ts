import { z } from 'zod';
import { memory } from '../../src/chat/memory.ts';
import type { Message } from '../../src/chat/message.ts';
import type { Heard } from './hearing.ts';
import type { Log } from './options.ts';

export interface ExcusesOptions {
  readonly log: Log;
  /** One line to one person, outside all rows. */
  tell(message: Message, words: string): Promise<void>;
}

/** Tells who spoke that nothing was taken, where there is a way; never throws. */
export type Excuse = (told: Heard | null, body: unknown, words: string) => Promise<void>;

/** So long nobody is told again that the same line was not taken. */
const excusedMs = 60_000;

export function openExcuses({ log, tell }: ExcusesOptions): Excuse {
  const excused = memory<number>();

  /** A mention is told twice, and is one line. */
  function isFirst({ key }: Message): boolean {
    if (performance.now() < (excused.get(key) ?? 0)) return false;
    excused.set(key, performance.now() + excusedMs);
    return true;
  }

  return async (told, body, words) => {
    if (told !== null && !isFirst(told.message)) return;
    const url = told?.responseUrl ?? Pressed.safeParse(body).data?.response_url;
    try {
      if (url !== undefined) await respond(url, words);
      else if (told !== null && told.message.reaction === undefined) await tell(told.message, words);
    } catch (err) {
      log('warn', { err }, 'who spoke could not be told that nothing was taken');
    }
  };
}

const Pressed = z.looseObject({ response_url: z.string().optional() });

/** Slack's own address for an answer to who pressed or typed; signed for with the rest of the request. */
async function respond(url: string, text: string): Promise<void> {
  await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ response_type: 'ephemeral', replace_original: false, text }),
    signal: AbortSignal.timeout(5000),
  });
}
