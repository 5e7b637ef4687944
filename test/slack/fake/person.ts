import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer } from './delivery.ts';
import { join, leave } from './members.ts';
import { addMessage, type Draft, react, removeMessage, reviseMessage } from './messages.ts';
import { clickPayload, homeClickPayload, type PersonParts, slashPayload } from './payloads.ts';
import { buttonsOf, list, type Seen, seen, seenBy } from './seen.ts';
import {
  type Channel,
  channelOf,
  directWith,
  type Json,
  type Message,
  messageOf,
  type Notice,
  type User,
} from './state.ts';
import { encoded, smart } from './text.ts';

export interface Saying {
  /** The first message of the thread. */
  readonly thread?: Pick<Seen, 'ts'>;
  /** The keyboard makes quotes and dashes pretty. */
  readonly smart?: boolean;
  /** Exactly this text, nothing encoded. */
  readonly raw?: boolean;
  /** As an old bot integration: subtype bot_message. */
  readonly subtype?: string;
}

export interface Waiting {
  /** Only messages posted after this one. */
  readonly after?: Pick<Seen, 'ts'>;
  readonly ms?: number;
}

/** How a click or a command ended for the person who made it. */
export type Ended = 'done' | 'operation_timeout' | 'dispatch_failed' | 'not confirmed';

/** Somebody in Slack. A channel is named `#ops`, `ops` or by id; `dm` is the conversation with the bot. */
export interface Person {
  readonly id: string;
  readonly user: User;
  /** `T…/U…` */
  readonly account: string;
  say(channel: string, text: string, saying?: Saying): Seen;
  dm(text: string, saying?: Saying): Seen;
  /** `@vigie text` in a channel. */
  mention(channel: string, text: string, saying?: Saying): Seen;
  slash(command: string, text: string, channel: string): Promise<Ended>;
  /** Presses the button with this label or action_id as it was when seen; `confirm: false` turns a dialog down. */
  click(message: Seen, button: string, options?: { readonly confirm?: boolean }): Promise<Ended>;
  /** Presses a button on the Home tab as it stands. */
  clickHome(button: string): Promise<Ended>;
  /** Brings vigie into a channel of one's own, or sends it away. */
  invites(channel: string): void;
  removes(channel: string): void;
  react(message: Pick<Seen, 'ts' | 'channel'>, mark: string): void;
  unreact(message: Pick<Seen, 'ts' | 'channel'>, mark: string): void;
  edit(message: Pick<Seen, 'ts' | 'channel'>, text: string): void;
  remove(message: Pick<Seen, 'ts' | 'channel'>): void;
  opensHome(): void;
  /** The Home tab as it was last published for this person. */
  home(): Json | undefined;
  /** What this person sees in a channel, oldest first. */
  reads(channel: string): Seen[];
  /** The conversation with the bot. */
  readsDm(): Seen[];
  /** Waits for a message that fits, in a channel (`dm`: with the bot). */
  sees(channel: string, what: RegExp | ((message: Seen) => boolean), waiting?: Waiting): Promise<Seen>;
  /** What came to nothing. */
  notices(): Notice[];
}

const marks: Readonly<Record<string, string>> = {
  '✅': 'white_check_mark',
  '👍': '+1',
  '❌': 'x',
  '👎': '-1',
  '👀': 'eyes',
};

export function makePerson(parts: PersonParts, user: User): Person {
  const { workspace } = parts;

  function open(named: string): Channel {
    const channel = named === 'dm' ? directWith(workspace, user.id) : channelOf(workspace, named);
    if (channel === undefined) throw new Error(`no channel ${named}`);
    if (!channel.members.has(user.id)) throw new Error(`${user.name} is not in ${named}`);
    return channel;
  }

  function app(): User {
    const found = workspace.users.get(workspace.app.user);
    if (found === undefined) throw new Error('no app is installed');
    return found;
  }

  function say(named: string, typed: string, saying: Saying = {}): Seen {
    const text = saying.raw ? typed : encoded(saying.smart ? smart(typed) : typed, workspace);
    const draft: Draft = {
      user: user.id,
      text,
      blocks: [{ type: 'rich_text', block_id: 'typed', elements: [section(text)] }],
      ...(user.bot ? { botId: `B${user.id.slice(1)}` } : {}),
      ...(saying.subtype === undefined ? {} : { subtype: saying.subtype }),
      ...(saying.thread === undefined ? {} : { thread: saying.thread.ts }),
    };
    return seen(addMessage(parts, open(named), draft), workspace);
  }

  function its({ ts, channel }: Pick<Seen, 'ts' | 'channel'>): Message {
    const message = messageOf(open(channel), ts);
    if (message === undefined) throw new Error(`no message ${ts} to act on`);
    return message;
  }

  function mark(message: Pick<Seen, 'ts' | 'channel'>, name: string, gone: boolean): void {
    react(parts, its(message), { user: user.id, name: marks[name] ?? name.replaceAll(':', ''), gone });
  }

  function ended(what: string, answer: Answer): Ended {
    if (answer.acked) return 'done';
    const error = answer.reason.endsWith('timeout') ? 'operation_timeout' : 'dispatch_failed';
    workspace.notices.push({ user: user.id, what, error, at: workspace.clock.now() });
    return error;
  }

  const person: Person = {
    id: user.id,
    user,
    account: `${user.team}/${user.id}`,
    say,
    dm: (text, saying) => say('dm', text, saying),
    mention: (channel, text, saying) => say(channel, `@${workspace.app.name} ${text}`, saying),
    async slash(command, text, named) {
      if (!workspace.app.commands.has(command)) throw new Error(`${command} is not a valid command`);
      const channel = open(named);
      const origin = { user: user.id, channel };
      const payload = slashPayload(parts, user, { command, text: encoded(text, workspace), channel });
      const answer = await parts.delivery.once('slash_commands', {
        ...payload,
        response_url: parts.responses.url(origin),
      });
      if (answer.acked && isSaid(answer.body)) parts.responses.answer(origin, answer.body);
      return ended(`${command} ${text}`, answer);
    },
    async click(message, named, { confirm = true } = {}) {
      const button = message.blocks
        .flatMap(buttonsOf)
        .find(({ label, element }) => label === named || element['action_id'] === named);
      if (button === undefined) throw new Error(`no button ${named} on: ${message.text}`);
      if (button.element['confirm'] !== undefined && !confirm) return 'not confirmed';
      return ended(named, await parts.delivery.once('interactive', clickPayload(parts, user, { message, ...button })));
    },
    async clickHome(named) {
      const view = workspace.views.get(user.id) ?? {};
      const button = list(view['blocks'])
        .flatMap(buttonsOf)
        .find(({ label }) => label === named);
      if (button === undefined) throw new Error(`no button ${named} at home`);
      const payload = homeClickPayload(parts, user, { view, ...button });
      return ended(named, await parts.delivery.once('interactive', payload));
    },
    invites: (named) => join(parts, open(named), app(), user),
    removes: (named) => leave(parts, open(named), app()),
    react: (message, name) => mark(message, name, false),
    unreact: (message, name) => mark(message, name, true),
    edit: (message, text) => reviseMessage(parts, its(message), { text: encoded(text, workspace) }),
    remove: (message) => removeMessage(parts, its(message)),
    opensHome() {
      const channel = directWith(workspace, user.id);
      const event_ts = workspace.clock.ts();
      const event = { type: 'app_home_opened', user: user.id, channel: channel.id, tab: 'home', event_ts };
      const view = workspace.views.get(user.id);
      parts.delivery.event(view === undefined ? event : { ...event, view }, channel);
    },
    home: () => workspace.views.get(user.id),
    reads: (named) => seenBy(user.id, open(named), workspace),
    readsDm: () => seenBy(user.id, open('dm'), workspace),
    async sees(named, what, { after, ms = 10_000 } = {}) {
      const fits = typeof what === 'function' ? what : ({ text }: Seen) => what.test(text);
      for (const end = performance.now() + ms; ; await sleep(5)) {
        const all = person.reads(named);
        const found = all.find((message) => Number(message.ts) > Number(after?.ts ?? 0) && fits(message));
        if (found !== undefined) return found;
        if (performance.now() > end)
          throw new Error(
            `${user.name} does not see ${String(what)} in ${named}:\n${all.map(({ from, text }) => `<${from}> ${text}`).join('\n')}`,
          );
      }
    },
    notices: () => workspace.notices.filter((notice) => notice.user === user.id),
  };
  return person;
}

function section(text: string): Json {
  return { type: 'rich_text_section', elements: [{ type: 'text', text }] };
}

function isSaid(body: unknown): body is Json {
  return typeof body === 'object' && body !== null && ('text' in body || 'blocks' in body);
}
