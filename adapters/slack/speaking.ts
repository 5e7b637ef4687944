import { memory } from '../../src/chat/memory.ts';
import { type Place, PlaceRefused, type PostOptions, type Receipt, type Telling } from '../../src/chat/message.ts';
import type { Report } from '../../src/chat/report.ts';
import { openShelf } from './files.ts';
import { findPost, metadataOf } from './lost.ts';
import { channelOf, placeOf, userOf } from './places.ts';
import { openPace, type Rates } from './rates.ts';
import { render } from './render.ts';
import type { Threads } from './threads.ts';
import { ifOurs, openVoice, printOf } from './voice.ts';
import { surelyNotDone, type Web } from './web.ts';

export interface SpeakingOptions {
  readonly web: Web;
  readonly team: string;
  readonly rates: Rates;
  readonly threads: Threads;
  /** vigie's own user id. */
  self(): string;
  /** The channel of one person and vigie. */
  direct(user: string): Promise<string>;
}

export interface Speaking {
  post(place: Place, report: Report, options: PostOptions): Promise<Receipt>;
  /** `to`: whom alone it was for. */
  find(place: Place, key: string, to?: string): Promise<Receipt | null>;
  revise(receipt: Receipt, report: Report, telling: Telling): Promise<void>;
  /** Others may have spoken meanwhile. */
  forget(): void;
}

export function openSpeaking(options: SpeakingOptions): Speaking {
  const { web, team, rates, threads, self, direct } = options;
  const pace = openPace(rates);
  const shelf = openShelf(web);
  /** What each message last showed. */
  const shown = memory<string>();
  const voice = openVoice({ web, team, pace, shelf, shown, threads, direct });
  const notMade = memory<true>();

  async function deliver(place: Place, report: Report, post: PostOptions): Promise<string> {
    const where = channelOf(place);
    if ('home' in where) return voice.furnish(where.home, report, post);
    const spot = { channel: where.channel, thread: post.replyTo ?? null };
    const alone = post.to ?? post.aside;
    if (alone !== undefined && place.kind === 'channel') return voice.whisper(spot, userOf(alone), report, post);
    // A card in a thread rings nobody: the line beside it, which the whole channel sees, does.
    const quiet = post.phase !== undefined && spot.thread !== null ? { ...report, calls: [] } : report;
    return voice.say(spot, quiet, post);
  }

  return {
    async post(place, report, post) {
      notMade.delete(post.key);
      try {
        return { place, handle: await deliver(place, report, post) };
      } catch (error) {
        if (surelyNotDone(error)) notMade.set(post.key, true);
        throw error;
      }
    },
    async find(place, key, to) {
      const where = channelOf(place);
      if ('home' in where || notMade.get(key) === true) return null;
      if (to !== undefined && place.kind === 'channel') return findAlone(options, key, to);
      const search = { channel: where.channel, thread: place.thread ?? null, self: self(), key };
      const ts = await findPost(web, search);
      return ts === null ? null : { place, handle: ts };
    },
    forget() {
      shown.clear();
      notMade.clear();
      threads.forget();
    },
    async revise({ place, handle: ts }, report, telling) {
      const { key, weight, phase } = telling;
      const where = channelOf(place);
      if ('home' in where) return;
      // Who was called was called: an edit rings nobody.
      const rendered = render({ ...report, calls: [] }, { team, live: phase === 'running' });
      const at = `${where.channel}/${ts}`;
      if (shown.get(at) !== printOf(rendered)) {
        const { text, blocks } = rendered;
        const args = { channel: where.channel, ts, text, blocks, metadata: metadataOf(key) };
        const call = ifOurs(telling, () => web.say('chat.update', args));
        await pace.update(at, weight, call);
        shown.set(at, printOf(rendered));
      }
      const spot = { channel: where.channel, thread: place.thread ?? ts };
      if (rendered.file !== null) await shelf.share(spot, rendered.file, 'known');
    },
  };
}

/** What one person is shown in a channel nobody can look up; what could not be shown so stands between the two. */
async function findAlone(options: SpeakingOptions, key: string, to: string): Promise<Receipt | null> {
  const { web, team, self, direct } = options;
  try {
    const channel = await direct(userOf(to));
    const ts = await findPost(web, { channel, thread: null, self: self(), key, pages: 1 });
    return ts === null ? null : { place: placeOf(team, channel, 'direct'), handle: ts };
  } catch (error) {
    if (error instanceof PlaceRefused) return null;
    throw error;
  }
}
