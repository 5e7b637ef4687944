import { memory } from '../../src/chat/memory.ts';
import { type Place, PlaceRefused, type PostOptions, type Receipt, type Telling } from '../../src/chat/message.ts';
import type { Report } from '../../src/chat/report.ts';
import { openShelf } from './files.ts';
import { findPost, metadataOf } from './lost.ts';
import type { Log } from './options.ts';
import { channelOf, placeOf, userOf } from './places.ts';
import { openPace, type Pace, type Rates } from './rates.ts';
import type { Threads } from './threads.ts';
import { ifOurs, openVoice, printOf, showing, type Voice, type VoiceParts } from './voice.ts';
import { surelyNotDone, type Web } from './web.ts';

export interface SpeakingOptions {
  readonly web: Web;
  readonly team: string;
  readonly rates: Rates;
  readonly threads: Threads;
  readonly log: Log;
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

export function openSpeaking(given: SpeakingOptions): Speaking {
  const pace = openPace(given.rates);
  const options = { ...given, web: paced(given.web, pace) };
  const shelf = openShelf(options.web);
  /** What each message last showed. */
  const shown = memory<string>();
  const voice = openVoice({ ...options, pace, shelf, shown });
  const notMade = memory<true>();
  return {
    async post(place, report, post) {
      notMade.delete(post.key);
      try {
        return { place, handle: await deliver(voice, place, report, post) };
      } catch (error) {
        if (surelyNotDone(error)) notMade.set(post.key, true);
        throw error;
      }
    },
    find: async (place, key, to) => (notMade.get(key) === true ? null : findIn(options, place, key, to)),
    forget() {
      shown.clear();
      notMade.clear();
      options.threads.forget();
    },
    revise: (receipt, report, telling) => edit({ ...options, pace, shelf, shown }, receipt, report, telling),
  };
}

/** Whoever looks for what was said may wait. */
function paced(web: Web, pace: Pace): Web {
  return { ...web, ask: (method, args) => pace.look(() => web.ask(method, args)) };
}

function deliver(voice: Voice, place: Place, report: Report, post: PostOptions): Promise<string> {
  const where = channelOf(place);
  if ('home' in where) return voice.furnish(where.home, report, post);
  const spot = { channel: where.channel, thread: post.replyTo ?? null };
  const alone = post.to ?? post.aside;
  if (alone !== undefined && place.kind === 'channel') return voice.whisper(spot, userOf(alone), report, post);
  // A card in a thread rings nobody: the line beside it, which the whole channel sees, does.
  const quiet = post.phase !== undefined && spot.thread !== null ? { ...report, calls: [] } : report;
  return voice.say(spot, quiet, post);
}

interface EditParts extends Pick<VoiceParts, 'web' | 'team' | 'pace' | 'shelf' | 'shown' | 'log'> {}

function edit(parts: EditParts, { place, handle: ts }: Receipt, report: Report, telling: Telling): Promise<void> {
  const { web, team, pace, shelf, shown, log } = parts;
  const { key, weight, phase } = telling;
  const where = channelOf(place);
  if ('home' in where) return Promise.resolve();
  const at = `${where.channel}/${ts}`;
  const spot = { channel: where.channel, thread: place.thread ?? ts };
  // Who was called was called: an edit rings nobody.
  return showing({ ...report, calls: [] }, { team, live: phase === 'running', log }, async (rendered) => {
    if (shown.get(at) !== printOf(rendered)) {
      const { text, blocks } = rendered;
      const args = { channel: where.channel, ts, text, blocks, metadata: metadataOf(key) };
      await pace.update(
        at,
        weight,
        ifOurs(telling, () => web.say('chat.update', args)),
      );
      shown.set(at, printOf(rendered));
    }
    if (rendered.file !== null) await shelf.share(spot, rendered.file, 'known');
  });
}

async function findIn(options: SpeakingOptions, place: Place, key: string, to?: string): Promise<Receipt | null> {
  const where = channelOf(place);
  if ('home' in where) return null;
  if (to !== undefined && place.kind === 'channel') return findAlone(options, key, to);
  const search = { channel: where.channel, thread: place.thread ?? null, self: options.self(), key };
  const ts = await findPost(options.web, search);
  return ts === null ? null : { place, handle: ts };
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
