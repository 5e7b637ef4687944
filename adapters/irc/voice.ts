import { memory } from '../../src/chat/memory.ts';
import { type Place, PlaceRefused, type PostOptions, type Telling } from '../../src/chat/message.ts';
import { field } from './event.ts';
import { guest } from './hearing.ts';
import type { Network } from './network.ts';
import { type Outcome, openSpeaking, type Speaking } from './speaking.ts';
import type { Whereabouts } from './whereabouts.ts';

export interface Utterance {
  readonly place: Place;
  readonly lines: readonly string[];
  readonly telling: Telling;
  /** Of the card that is revised. */
  readonly handle?: string;
  readonly more?: Partial<PostOptions>;
}

export interface Voice {
  /** The card to which a line belongs. */
  cardOf(id: string): string;
  /** Resolves with the card's handle, under which each of its lines is known. */
  say(utterance: Utterance): Promise<string>;
}

/** So many at most are read by whoever takes a nick unseen, in no channel of vigie's. */
const pageLines = 20;

/** What arrived of it, and the pieces that did not. */
interface HalfSaid {
  readonly lines: string;
  readonly ids: readonly (string | null)[];
  readonly rest: readonly string[];
}

/** Says lines in places, and goes on where a cut left off. */
export function openVoice(network: Network, whereabouts: Whereabouts): Voice {
  const speaking = openSpeaking(network);
  const sayPages = openPages(network, speaking, whereabouts);
  const cards = memory<string>();
  const halfSaid = memory<HalfSaid>();
  hearMovements(network, speaking.drop);
  return {
    cardOf: (id) => cards.get(id) ?? id,
    async say(utterance) {
      const { place, telling, handle: known } = utterance;
      // What was meant to be said may have changed since the cut: then it is said from its beginning.
      const half = halfSaid.get(telling.key);
      const lines = utterance.lines.join('\n');
      const before = half?.lines === lines ? half : { ids: [], rest: utterance.lines };
      const pieces = speaking.piecesOf(before.rest, nameOf(place));
      const outcomes = await sayPages(utterance, pieces);
      const ids = [...before.ids, ...outcomes.flatMap(arrivedAs)];
      const failed = outcomes.find(({ status }) => status === 'rejected');
      if (failed?.status === 'rejected') {
        const rest = pieces.filter((_, at) => outcomes[at]?.status !== 'fulfilled');
        halfSaid.set(telling.key, { lines, ids, rest });
        throw isStranger(place) && failed.reason instanceof Moved
          ? new PlaceRefused(failed.reason.message)
          : failed.reason;
      }
      halfSaid.delete(telling.key);
      const handle = known ?? ids.find((id) => id !== null) ?? telling.key;
      for (const id of ids) if (id !== null) cards.set(id, handle);
      return handle;
    },
  };
}

/** Page by page where it is for one person's account: whose nick it is by now is asked before each. */
function openPages(network: Network, speaking: Speaking, { nickOf }: Whereabouts) {
  async function targetOf(place: Place, to: string | undefined): Promise<string> {
    const target = nameOf(place);
    // Before it is registered, a server takes no lines, and does not echo by what it will be asked for.
    if (!network.connected()) throw new Error(`vigie is not connected to ${network.name}`);
    if (isForAccount(place, to)) {
      const account = to ?? place.id;
      const nick = await nickOf(account);
      if (nick === null)
        throw new PlaceRefused(`${account} is not there, or not logged in to services: /msg NickServ IDENTIFY`);
      return nick;
    }
    if (isStranger(place)) return target.slice(guest.length);
    if (place.kind === 'channel' && !network.isIn(target.replace(/^[^#&]+/, '')))
      throw new Error(`vigie is not in ${target}`);
    return target;
  }

  return async ({ place, telling, more = {} }: Utterance, pieces: readonly string[]): Promise<Outcome[]> => {
    const size = isForAccount(place, more.to) ? pageLines : pieces.length;
    const outcomes: Outcome[] = [];
    while (outcomes.length < pieces.length && outcomes.every(({ status }) => status === 'fulfilled')) {
      const page = pieces.slice(outcomes.length, outcomes.length + size);
      const said = targetOf(place, more.to).then((target) =>
        speaking.say({ target, pieces: page, telling, answers: more.replyTo ?? null }),
      );
      outcomes.push(...(await said.catch((reason: unknown): Outcome[] => [{ status: 'rejected', reason }])));
    }
    return outcomes;
  };
}

/** The channel, the account's name, or a guest's nick. */
function nameOf({ id }: Place): string {
  return id.slice(id.indexOf('/') + 1);
}

function isForAccount(place: Place, to: string | undefined): boolean {
  return to !== undefined || (place.kind === 'direct' && !isStranger(place));
}

/** Somebody without an account is known by the nick, and gone with it. */
function isStranger(place: Place): boolean {
  return place.kind === 'direct' && nameOf(place).startsWith(guest);
}

function arrivedAs(outcome: Outcome): (string | null)[] {
  return outcome.status === 'fulfilled' ? [outcome.value] : [];
}

class Moved extends Error {
  override readonly name = 'Moved';
}

/** Whatever may put somebody else under a nick: what one person was being told privately, the next one does not read on. */
function hearMovements({ client }: Network, drop: (target: string, why: Error) => void): void {
  for (const [event, name] of [
    ['quit', 'nick'],
    ['nick', 'nick'],
    ['nick', 'new_nick'],
  ] as const)
    client.on(event, (seen) => {
      const nick = String(field(seen, name));
      drop(nick, new Moved(`${nick} is somebody else by now, or nobody`));
    });
}
