import { createHash } from 'node:crypto';
import type { ServerLine } from 'irc-framework';
import { idKey } from '../../src/chat/ids.ts';
import { type Message, NotTaken, type Place, type Reaction } from '../../src/chat/message.ts';
import { plain } from './formatting.ts';
import { type Identity, isChannel } from './identity.ts';
import { type InboundLimit, openInbound, usualInbound } from './inbound.ts';
import type { Network } from './network.ts';
import { reactionOf } from './reactions.ts';
import { type Said, saidOf, tagOf } from './said.ts';

export interface HearingOptions {
  readonly network: Network;
  readonly identity: Identity;
  readonly prefix: string;
  readonly channels: readonly { readonly name: string }[];
  readonly now: () => number;
  readonly inbound?: InboundLimit;
  hear(message: Message): Promise<void>;
  /** One line back to where it was said, outside all rows. */
  tell(place: Place, text: string, replyTo: string | null): void;
  log(level: 'info' | 'warn', facts: object, words: string): void;
}

/** Older by the server's clock: told again by a bouncer or a history, whatever it calls itself. */
const oldMs = 120_000;
const rememberedKeys = 5000;

/** What is said to vigie becomes messages: lines with the prefix, lines to its nick, private words, marks on its cards. */
export function startHearing(options: HearingOptions): void {
  const take = openDoor(options);
  listen(options, {
    async PRIVMSG(said) {
      const text = lineIn(said, options.network, options.prefix);
      if (text !== null) await take(said, text, null);
    },
    async TAGMSG(said) {
      const mark = reactionOf(said);
      if (mark !== null) await take(said, '', mark);
    },
  });
}

type Understand = (said: Said) => Promise<void>;

/**
 * Read as it stands on the wire: of what people say the framework only makes events of its own, one after another, and
 * an answer would wait for all of them.
 */
function listen({ network, log, now }: HearingOptions, commands: Readonly<Record<string, Understand>>): void {
  network.client.use((_client, lines) => {
    lines.use((command, line, _raw, _self, next) => {
      const understand = commands[command];
      if (understand === undefined) return passed(next, log);
      const said = isOurs(network, line) ? null : saidOf(line);
      if (said === null) return;
      const { nick, time } = said;
      if (isReplayed(network, said, now())) return log('info', { nick, time }, 'told again: not heard');
      understand(said).catch((err: unknown) => log('warn', { err }, 'what was said could not be taken'));
    });
  });
}

/** The framework would print what breaks here, and go on. */
function passed(next: () => void, log: HearingOptions['log']): void {
  try {
    next();
  } catch (err) {
    log('warn', { err }, 'a line of the server could not be taken');
  }
}

type Take = (said: Said, text: string, mark: Reaction | null) => Promise<void>;

/** Once each, not too much of anybody, and with the account that the server vouches for. */
function openDoor(options: HearingOptions): Take {
  const { network, identity, now } = options;
  const inbound = openInbound(options.inbound ?? usualInbound, now);
  const heard = new Set<string>();

  function isNew(key: string): boolean {
    if (heard.has(key)) return false;
    heard.add(key);
    if (heard.size > rememberedKeys) heard.delete(heard.values().next().value ?? '');
    return true;
  }

  return async (said, text, reaction) => {
    const key = keyOf(network, said, now());
    if (!isNew(key)) return;
    const turn = inbound.take(speakerOf(said));
    if (turn === 'drop') return;
    const from = await identity.of(said);
    const id = tagOf(said, 'msgid');
    const place = placeOf(options, said, from.account);
    const tell = (words: string): void => options.tell(place, `${said.nick}: ${words}`, id);
    if (turn === 'warn') return tell('that is too much at once: what you say is not heard until you pause');
    const message = { key, from, place, text, at: new Date(now()) };
    try {
      await options.hear({
        ...message,
        ...(id === null ? {} : { replyTo: id }),
        ...(reaction === null ? {} : { reaction }),
      });
    } catch (error) {
      if (!(error instanceof NotTaken)) throw error;
      heard.delete(key);
      tell(error.message);
    }
  };
}

/** The same person, whatever nicks they take. */
function speakerOf({ account, ident, hostname }: Said): string {
  return account === '' ? `${ident}@${hostname}` : account;
}

/** Told again: by the server's history, a bouncer, or with an old time. None of it is an order any more. */
function isReplayed({ client }: Network, { batched, time }: Said, now: number): boolean {
  // The two clocks may differ: how much, the framework knows from the server's PONGs.
  return batched || (time !== null && time - client.network.time_offset < now - oldMs);
}

/** Echoes are most of what a bot that speaks is told: known before anything else. */
function isOurs({ client }: Network, { nick }: ServerLine): boolean {
  return client.caseCompare(nick, client.user.nick);
}

/** The line as the trunk wants it, with its prefix; null where nobody spoke to vigie. */
function lineIn(said: Said, { client }: Network, prefix: string): string | null {
  const text = plain(said.message).trim();
  if (text === '') return null;
  if (text.startsWith(prefix)) return text;
  const [, nick = '', rest = ''] = /^(\S+?)[:,]\s*(.*)$/s.exec(text) ?? [];
  const line = nick !== '' && client.caseCompare(nick, client.user.nick) ? rest : isChannel(said.target) ? '' : text;
  if (line === '') return null;
  return line.startsWith(prefix) ? line : prefix + line;
}

/** Somebody without an account, who is known by a nick for as long as they have it. No account begins with it. */
export const guest = '~';

/**
 * A private conversation is with an account, whatever its nick: nobody reads on in it by taking a nick. A word to a
 * channel's operators alone (`@#ops`) is answered there, and is another place than the channel. Channels are written as
 * vigie's operators write them: the server may write another form that is the same to it.
 */
function placeOf({ network, channels }: HearingOptions, said: Said, account: string | null): Place {
  const { name, client } = network;
  const channel = channels.find((one) => client.caseCompare(one.name, said.target))?.name ?? said.target;
  const id = idKey(`irc:${name}/${said.group}${channel}`);
  if (isChannel(said.target)) return { adapter: 'irc', id, kind: 'channel' };
  return { adapter: 'irc', id: account ?? `irc:${name}/${guest}${client.caseLower(said.nick)}`, kind: 'direct' };
}

/** The server's own id of the message; elsewhere who said what where in which second. */
function keyOf(network: Network, said: Said, now: number): string {
  return `${network.name}/${tagOf(said, 'msgid') ?? keyOfWords(network, said, now)}`.slice(0, 190);
}

function keyOfWords({ client }: Network, { nick, group, target, message, time }: Said, now: number): string {
  const second = Math.floor((time ?? now) / 1000);
  const parts = [client.caseLower(nick), group, client.caseLower(target), message, second];
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}
