import type { Memory } from '../../src/chat/memory.ts';
import { NotOurs, PlaceRefused, type PostOptions, type Telling } from '../../src/chat/message.ts';
import type { Report } from '../../src/chat/report.ts';
import type { Shelf } from './files.ts';
import { metadataOf } from './lost.ts';
import type { Log } from './options.ts';
import type { Pace } from './rates.ts';
import { inWords, type Look, type Rendered, render } from './render.ts';
import type { Threads } from './threads.ts';
import { isThreadGone, isUnshowable, SlackTrouble, type Web } from './web.ts';

export interface VoiceParts {
  readonly web: Web;
  readonly team: string;
  readonly pace: Pace;
  readonly shelf: Shelf;
  readonly shown: Memory<string>;
  readonly threads: Threads;
  readonly log: Log;
  direct(user: string): Promise<string>;
}

/** Where exactly something is said. */
export interface Spot {
  readonly channel: string;
  readonly thread: string | null;
}

/** Makes messages; each resolves with its time stamp. */
export interface Voice {
  say(spot: Spot, report: Report, post: PostOptions): Promise<string>;
  /** To one person: in the place where that can be done whole, else between the two of them. */
  whisper(spot: Spot, user: string, report: Report, post: PostOptions): Promise<string>;
  /** What stands in somebody's home from now on. */
  furnish(user: string, report: Report, post: PostOptions): Promise<string>;
}

export function openVoice(parts: VoiceParts): Voice {
  const { web, team, pace, direct, log } = parts;
  return {
    say: (spot, report, post) =>
      showing(report, { ...lookOf(team, post), log }, (rendered) => sayThere(parts, spot, rendered, post)),
    whisper: (spot, user, report, post) =>
      showing(report, { ...lookOf(team, post), log }, async (rendered) => {
        const told = rendered.file === null ? await ephemeral(parts, { ...spot, user }, rendered, post) : null;
        return told ?? say(parts, { channel: await direct(user), thread: null }, rendered, post);
      }),
    async furnish(user, report, post) {
      const { blocks } = render(report, { team, live: true });
      const view = { user_id: user, view: { type: 'home', blocks } };
      await pace.aside(ifOurs(post, () => web.say('views.publish', view)));
      return `home:${post.key}`;
    },
  };
}

/** What Slack does not take as blocks it is told in words: nobody waits for what never comes. */
export async function showing<T>(
  report: Report,
  { log, ...look }: Look & { readonly log: Log },
  call: (rendered: Rendered) => Promise<T>,
): Promise<T> {
  try {
    return await call(render(report, look));
  } catch (error) {
    if (!isUnshowable(error)) throw error;
    log('error', { title: report.title, why: error.message }, 'Slack does not take it as blocks: it is said in words');
    return call(inWords(report, look));
  }
}

/** It may have waited for long: asked when its turn has come. */
export function ifOurs<T>({ mine }: Telling, call: () => Promise<T>): () => Promise<T> {
  return async () => {
    if (mine?.() === false) throw new NotOurs('another bot speaks here by now');
    return call();
  };
}

function lookOf(team: string, { phase }: Telling) {
  return { team, live: phase === 'running' };
}

export function printOf({ text, blocks }: Rendered): string {
  return JSON.stringify([text, blocks]);
}

/** Where the question was deleted meanwhile there is no thread any more: then the place itself hears it. */
async function sayThere(parts: VoiceParts, spot: Spot, rendered: Rendered, post: PostOptions): Promise<string> {
  try {
    return await say(parts, spot, rendered, post);
  } catch (error) {
    if (!isThreadGone(error) || spot.thread === null) throw error;
    return say(parts, { ...spot, thread: null }, rendered, post);
  }
}

/** With the delivery's key, by which it is found where its answer is lost. */
async function say(parts: VoiceParts, spot: Spot, rendered: Rendered, post: PostOptions): Promise<string> {
  const { channel, thread } = spot;
  const { text, blocks, file } = rendered;
  const args = {
    channel,
    text,
    ...(blocks.length > 0 ? { blocks } : {}),
    metadata: metadataOf(post.key),
    unfurl_links: false,
    unfurl_media: false,
    ...(thread === null ? {} : { thread_ts: thread }),
    ...(thread !== null && post.broadcast === true ? { reply_broadcast: true } : {}),
  };
  const { ts = '' } = await parts.pace.post(
    channel,
    ifOurs(post, () => parts.web.say('chat.postMessage', args)),
  );
  parts.shown.set(`${channel}/${ts}`, printOf(rendered));
  if (thread !== null) parts.threads.met(channel, thread, true);
  if (file !== null)
    await parts.shelf.share({ channel, thread: thread ?? ts }, file, 'new').catch((error: unknown) => {
      // The message is made: it must be found again, and not be said again.
      throw new SlackTrouble('no_answer', `the file was not taken: ${error instanceof Error ? error.message : ''}`);
    });
  return ts;
}

/** Null where that person is not there to read it. */
async function ephemeral(
  parts: VoiceParts,
  spot: Spot & { readonly user: string },
  rendered: Rendered,
  post: Telling,
): Promise<string | null> {
  const { channel, thread, user } = spot;
  const { text, blocks } = rendered;
  const inThread = thread !== null && (await parts.threads.isAnswered(channel, thread));
  const shown = { text, ...(blocks.length > 0 ? { blocks } : {}) };
  const args = { channel, user, ...shown, ...(inThread ? { thread_ts: thread } : {}) };
  try {
    const answer = await parts.pace.aside(ifOurs(post, () => parts.web.say('chat.postEphemeral', args)));
    return String(answer['message_ts'] ?? '');
  } catch (error) {
    if (inThread && isThreadGone(error)) return ephemeral(parts, { ...spot, thread: null }, rendered, post);
    if (error instanceof PlaceRefused) return null;
    if (error instanceof SlackTrouble && /^(user_|no_dual_)/.test(error.problem)) return null;
    throw error;
  }
}
