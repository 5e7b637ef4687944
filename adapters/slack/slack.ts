import { memory } from '../../src/chat/memory.ts';
import type { Adapter, Message } from '../../src/chat/message.ts';
import { type Door, openDoor } from './door.ts';
import { openHearing } from './hearing.ts';
import { openHttp } from './http.ts';
import type { SlackOptions } from './options.ts';
import { openPeople } from './people.ts';
import { openDirects } from './places.ts';
import { openStanding, type Standing } from './reactions.ts';
import { type Line, openSockets } from './sockets.ts';
import { openSpeaking } from './speaking.ts';
import { openThreads, type Threads } from './threads.ts';
import { openWatch, type Watch } from './watch.ts';
import { openWeb, type Web } from './web.ts';

/** One workspace. Its connection is `slack:<team>`, its places are `slack:<team>/<channel>`. */
export function createSlack(options: SlackOptions): Adapter {
  const { team, log } = options;
  const web = openWeb(options.botToken, options.apiUrl);
  const watch = openWatch({ web, team, log });
  const direct = openDirects(web);
  const threads = openThreads(web);
  const standing = openStanding({ ...options, web });
  const speaking = openSpeaking({ ...options, web, threads, direct, self: watch.self });
  let line: Line | null = null;
  let door: Door | null = null;
  let stopping = false;

  /** A token that is worth nothing is noticed where it was used. */
  async function watched<T>(call: () => Promise<T>): Promise<T> {
    if (stopping) throw new Error('vigie stops');
    try {
      return await call();
    } catch (error) {
      watch.doubt(error);
      throw error;
    }
  }

  return {
    name: 'slack',
    connection: `slack:${team}`,
    able: { buttons: true, reactions: true, files: true, edit: true, private: true, find: true, threads: true },
    async start(hear) {
      const opened = doorOf(options, { web, watch, hear, speaking, threads, standing, direct });
      door = opened;
      line = await openLine(options, opened, watch.known);
    },
    post: (place, report, post) => watched(() => speaking.post(place, report, post)),
    find: (place, key, to) => watched(() => speaking.find(place, key, to)),
    revise: (receipt, report, _previous, telling) => watched(() => speaking.revise(receipt, report, telling)),
    forget: speaking.forget,
    connected: () => watch.good() && !stopping,
    problem: () => watch.problem() ?? (line === null ? 'not connected yet' : line.problem()) ?? standing.problem(),
    async stop() {
      stopping = true;
      watch.close();
      await door?.close();
      await line?.close();
    },
  };
}

/** Nothing waits for Slack: the other chats of this bot come up meanwhile. */
async function openLine({ reach, apiUrl, log }: SlackOptions, door: Door, ready: Promise<void>): Promise<Line> {
  return reach.mode === 'http'
    ? openHttp({ ...reach, door, log })
    : openSockets({ apiUrl, log, door, ready, appToken: reach.appToken });
}

interface DoorParts {
  readonly web: Web;
  readonly watch: Watch;
  readonly speaking: ReturnType<typeof openSpeaking>;
  readonly threads: Threads;
  readonly standing: Standing;
  direct(user: string): Promise<string>;
  hear(message: Message): Promise<void>;
}

function doorOf(options: SlackOptions, { web, watch, speaking, threads, standing, direct, hear }: DoorParts): Door {
  const hearing = openHearing({
    ...options,
    people: openPeople(web, options.team),
    self: watch.self,
    heldBack: watch.heldBack,
    threads,
    direct,
    isMember: openMembership(web),
    stands: standing.stands,
  });
  return openDoor({
    hearing,
    hear,
    log: options.log,
    async tell({ place, from, replyTo, key }, words) {
      const alone = from.account ?? from.at;
      const whom = alone === undefined ? {} : { aside: alone };
      await speaking.post(
        place,
        { title: words, tone: 'bad', blocks: [] },
        { key: `told:${key}`, weight: 'answer', ...whom, ...(replyTo === undefined ? {} : { replyTo }) },
      );
    },
  });
}

/** Whether vigie is in a channel; that it is holds for a while, that it is not is asked again. */
function openMembership(web: Web): (channel: string) => Promise<boolean> {
  const known = memory<number>();
  return async (channel) => {
    if ((known.get(channel) ?? 0) > performance.now()) return true;
    try {
      const { channel: found } = await web.ask('conversations.info', { channel });
      // Said of channels alone; where vigie may not know of one, Slack refuses to tell.
      const isIn = typeof found === 'object' && found['is_member'] !== false;
      if (isIn) known.set(channel, performance.now() + 60_000);
      return isIn;
    } catch {
      return false;
    }
  };
}
