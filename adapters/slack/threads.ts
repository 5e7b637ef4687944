import { z } from 'zod';
import { memory } from '../../src/chat/memory.ts';
import type { Web } from './web.ts';

/**
 * Which messages have answers. Slack shows what only one person may read in a thread only where somebody has answered
 * there already; beneath a fresh question it would be shown to nobody.
 */
export interface Threads {
  /** An answer was met. */
  met(channel: string, thread: string): void;
  isAnswered(channel: string, thread: string): Promise<boolean>;
}

const Replies = z.array(z.looseObject({ reply_count: z.number().default(0), thread_ts: z.string().optional() }));

export function openThreads(web: Web): Threads {
  // Of a fresh question nothing is kept: who answers it next may be heard by another bot.
  const answered = memory<true>();
  return {
    met: (channel, thread) => answered.set(`${channel}/${thread}`, true),
    async isAnswered(channel, thread) {
      if (answered.get(`${channel}/${thread}`) === true) return true;
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
