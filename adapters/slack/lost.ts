import { z } from 'zod';
import { isThreadGone, type Web } from './web.ts';

/** What a post of vigie's carries, to be known again. */
const eventType = 'vigie_delivery';

export function metadataOf(key: string) {
  return { event_type: eventType, event_payload: { key } };
}

export interface Search {
  readonly channel: string;
  /** The thread it would be in. */
  readonly thread: string | null;
  /** vigie's own user: others may write what they like into theirs. */
  readonly self: string;
  readonly key: string;
  /** How far back. */
  readonly pages?: number;
}

const Posts = z.array(
  z.looseObject({
    ts: z.string(),
    user: z.string().optional(),
    metadata: z.looseObject({ event_type: z.string(), event_payload: z.looseObject({}).optional() }).optional(),
    files: z.array(z.looseObject({ name: z.string().nullish() })).optional(),
  }),
);
type Posts = z.output<typeof Posts>;

/** A lost post is among the newest: so many pages back are looked through. */
const usualPages = 10;

/** The post with this key, where Slack made it although its answer was lost. */
export async function findPost(web: Web, search: Search): Promise<string | null> {
  const { channel, thread, self, key, pages = usualPages } = search;
  function seek(posts: Posts): string | null {
    const found = posts.find(
      ({ user, metadata }) =>
        (user === undefined || user === self) &&
        metadata?.event_type === eventType &&
        metadata.event_payload?.['key'] === key,
    );
    return found?.ts ?? null;
  }
  return lookAround(web, { channel, thread, pages }, seek);
}

/** Whether a file of this name is in the thread already. */
export async function hasFile(web: Web, channel: string, thread: string, name: string): Promise<boolean> {
  const found = await lookAround(web, { channel, thread, pages: usualPages }, (posts) =>
    posts.some(({ files = [] }) => files.some((file) => file.name === name)) ? name : null,
  );
  return found !== null;
}

/** In the thread, or, where its first message was deleted, in the channel. */
async function lookAround(web: Web, range: Range, seek: (posts: Posts) => string | null): Promise<string | null> {
  try {
    return await look(web, range, seek);
  } catch (error) {
    if (range.thread === null || !isThreadGone(error)) throw error;
    return look(web, { ...range, thread: null }, seek);
  }
}

type Range = Required<Pick<Search, 'channel' | 'thread' | 'pages'>>;

async function look(
  web: Web,
  { channel, thread, pages }: Range,
  seek: (posts: Posts) => string | null,
): Promise<string | null> {
  let cursor: string | undefined;
  for (let page = 0; page < pages; page += 1) {
    const answer = await web.ask(thread === null ? 'conversations.history' : 'conversations.replies', {
      channel,
      limit: 200,
      include_all_metadata: true,
      ...(thread === null ? {} : { ts: thread }),
      ...(cursor === undefined ? {} : { cursor }),
    });
    const found = seek(Posts.parse(answer['messages'] ?? []));
    if (found !== null) return found;
    cursor = answer.response_metadata?.next_cursor || undefined;
    if (cursor === undefined) return null;
  }
  return null;
}
