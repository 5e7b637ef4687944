import type { Adapter, Message, Place, PostOptions, Receipt, Telling } from '../../src/chat/message.ts';
import type { Report } from '../../src/chat/report.ts';
import { openDoubt } from './doubt.ts';
import { startHearing } from './hearing.ts';
import { openIdentity } from './identity.ts';
import type { InboundLimit } from './inbound.ts';
import { openNetwork } from './network.ts';
import type { NetworkOptions } from './options.ts';
import { openProgress } from './progress.ts';
import { type Look, renderNews, renderSummary, renderWhole, summaryLines } from './render.ts';
import { openVoice, type Utterance } from './voice.ts';
import { openWhereabouts } from './whereabouts.ts';

export interface IrcOptions extends NetworkOptions {
  /** Bold and colours; off unless the operator wishes them. */
  readonly colours: boolean;
  /** Before each line to vigie in a channel: `!`. */
  readonly prefix: string;
  readonly inbound?: InboundLimit;
}

/** One network of IRC. Its connection is `irc:<name>`, its places are `irc:<name>/#channel` and `irc:<name>/nick`. */
export function createIrc(options: IrcOptions): Adapter {
  const connection = `irc:${options.name}`;
  const network = openNetwork(options);
  const whereabouts = openWhereabouts(network);
  const { say, cardOf } = openVoice(network, whereabouts);
  const look: Look = { colours: options.colours, network: options.name, nickOf: whereabouts.lastNick };
  const rest = `${options.prefix}more`;
  const progress = openProgress(network.idle);
  const tell = (place: Place, text: string, replyTo: string | null) => {
    const telling = { key: `told:${place.id}:${text}`, weight: 'answer' as const };
    say({ place, lines: [text], telling, more: replyTo === null ? {} : { replyTo } }).catch(() => undefined);
  };
  const doubt = openDoubt({ ...options, network, tell });
  return {
    name: 'irc',
    connection,
    ahead: 32,
    able: { buttons: false, reactions: true, files: false, edit: false, private: true, find: false, threads: false },
    async start(hear) {
      startHearing({
        ...options,
        network,
        identity: openIdentity(network, { accounts: options.login !== null }),
        now: Date.now,
        hear(message) {
          if (message.from.account !== null) whereabouts.seen(message.from.account, message.from.name);
          return hear(onCard(message, cardOf));
        },
        tell,
      });
      network.start();
    },
    async post(place, report, post) {
      return { place, handle: await say(whatIsPosted({ place, report, post }, look, rest)) };
    },
    find: async () => null,
    async revise(receipt: Receipt, report: Report, previous: Report | null, telling: Telling) {
      const lines =
        telling.weight === 'progress' ? progress(report, previous, telling) : renderNews(report, previous, look, rest);
      if (lines.length > 0) await say({ place: receipt.place, lines, telling, handle: receipt.handle });
    },
    connected: network.connected,
    problem: network.problem,
    async stop() {
      doubt.close();
      await network.stop();
    },
  };
}

interface Posted {
  readonly place: Place;
  readonly report: Report;
  readonly post: PostOptions;
}

function whatIsPosted({ place, report, post }: Posted, look: Look, rest: string): Utterance {
  const whole = renderWhole(report, look);
  // Pages that one person asked for are no business of the channel's.
  const to = post.to ?? (whole.length > summaryLines ? post.aside : undefined);
  const alone = to !== undefined || place.kind === 'direct';
  const lines = alone ? whole : renderSummary(report, look, rest, whole);
  return { place, lines, telling: post, more: to === undefined ? post : { ...post, to } };
}

/** A mark on any line of a card is a mark on the card. */
function onCard(message: Message, cardOf: (id: string) => string): Message {
  const { reaction } = message;
  return reaction === undefined ? message : { ...message, reaction: { ...reaction, on: cardOf(reaction.on) } };
}
