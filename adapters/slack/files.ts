import { memory } from '../../src/chat/memory.ts';
import { hasFile } from './lost.ts';
import type { TextFile } from './render.ts';
import type { Web } from './web.ts';

export interface Shelf {
  /** In a thread, once, though it may be asked for again; `new`: the thread surely has none yet. */
  share(
    spot: { readonly channel: string; readonly thread: string },
    file: TextFile,
    is: 'new' | 'known',
  ): Promise<void>;
}

export function openShelf(web: Web): Shelf {
  const shared = memory<true>();
  return {
    async share({ channel, thread }, { name, content }, is) {
      const at = `${channel}/${thread}/${name}`;
      if (shared.get(at) === true) return;
      if (is === 'new' || !(await hasFile(web, channel, thread, name)))
        await web.upload({
          channel_id: channel,
          thread_ts: thread,
          filename: name,
          file: Buffer.from(content, 'utf8'),
        });
      shared.set(at, true);
    },
  };
}
