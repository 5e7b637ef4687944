import { z } from 'zod';
import { memory } from '../../src/chat/memory.ts';
import type { Web } from './web.ts';

/**
 * Which messages have answers. Slack shows what only one person may read in a thread only where somebody has answered
 * there already; beneath a fresh question it would be shown to nobody.
 */
export interface Threads {
  /** An answer was met, or a question without any. */
  met(channel: string, thread: string, answered: boolean): void;
  isAnswered(channel: string, thread: string): Promise<boolean>;
  /** Others may have answered meanwhile. */
  forget(): void;
}

/** So long a question is fresh: Slack cannot be asked about each of many, and who answers it may be heard by another bot. */
const freshMs = 60_000;

const Replies = z.array(z.looseObject({ reply_count: z.number().default(0), thread_ts: z.string().optional() }));

export function openThreads(web: Web): Threads {
  const known = memory<true>();
  const freshUntil = memory<number>();
  return {
    met(channel, thread, answered) {
      const at = `${channel}/${thread}`;
      if (answered) known.set(at, true);
      else freshUntil.set(at, performance.now() + freshMs);
    },
    forget: freshUntil.clear,
    async isAnswered(channel, thread) {
      const at = `${channel}/${thread}`;
      if (known.get(at) === true) return true;
      if (performance.now() < (freshUntil.get(at) ?? 0)) return false;
      try {
        const { messages = [] } = await web.ask('conversations.replies', { channel, ts: thread, limit: 1 });
        const [root] = Replies.parse(messages);
        return root !== undefined && (root.reply_count > 0 || root.thread_ts !== undefined);
      } catch {
        return false;
      }
    },
  };
}
