import { type Message, NotTaken, type Place, type Speaker } from '../../src/chat/message.ts';
import { clickKeys } from './clicks.ts';
import { decode } from './decode.ts';
import { Click, EventCallback, HeldBack, isFor, type Mark, type Opened, type Said, Slash } from './envelopes.ts';
import type { People } from './people.ts';
import { homeOf, kindOf, placeOf } from './places.ts';
import { type ReactionNames, reactionOf } from './reactions.ts';
import { replyAction } from './replies.ts';
import { lineIn } from './said.ts';
import { unescaped } from './text.ts';
import type { Threads } from './threads.ts';

export interface HearingOptions {
  readonly team: string;
  readonly prefix: string;
  readonly reactions: ReactionNames;
  readonly people: People;
  readonly threads: Threads;
  /** vigie's own user id. */
  self(): string;
  /** The channel of one person and vigie. */
  direct(user: string): Promise<string>;
  isMember(channel: string): Promise<boolean>;
  /** Slack told nothing for a while. */
  heldBack(at: Date): void;
  /** Whether what a mark says is still so; null where nobody can tell. */
  stands(mark: Mark): Promise<boolean | null>;
}

/** What an envelope says to vigie. */
export interface Heard {
  readonly message: Message;
  /** What else is to be shown for it. */
  readonly also?: Message;
  /** Where the person can be told privately, outside all rows, why nothing was taken. */
  readonly responseUrl?: string;
  /** Told at once with the acknowledgement, to the person alone. */
  readonly note?: string;
}

/** Null where it is no word to vigie. Throws `NotTaken` where Slack does not say who spoke. */
export type Hearing = (body: unknown) => Promise<Heard | null>;

/** What Slack sends becomes messages: lines, marks on cards, pressed buttons, the slash command, an opened home. */
export function openHearing(options: HearingOptions): Hearing {
  return async (body) => {
    if (options.self() === '') throw new NotTaken('vigie is not ready yet: say it again in a minute');
    const event = EventCallback.safeParse(body);
    if (event.success) return isFor(options.team, event.data) ? ofEvent(options, event.data.event) : null;
    const click = Click.safeParse(body);
    if (click.success) return ofClick(options, click.data);
    const slash = Slash.safeParse(body);
    if (slash.success) return ofSlash(options, slash.data);
    const held = HeldBack.safeParse(body);
    if (held.success && (held.data.team_id ?? options.team) === options.team)
      options.heldBack(new Date(held.data.minute_rate_limited * 1000));
    return null;
  };
}

function ofEvent(options: HearingOptions, event: Said | Mark | Opened): Promise<Heard | null> {
  switch (event.type) {
    case 'message':
    case 'app_mention':
      return ofLine(options, event);
    case 'reaction_added':
    case 'reaction_removed':
      return ofMark(options, event);
    case 'app_home_opened':
      return ofHome(options, event);
  }
}

interface Words {
  readonly key: string;
  readonly from: Speaker;
  readonly place: Place;
  readonly text: string;
}

/** Everything may be told again, and to another process: so all of it goes into rows. */
function message(words: Words, more: Partial<Message> = {}): Message {
  return { ...words, key: words.key.slice(0, 190), at: new Date(), retold: true, ...more };
}

/** Who votes must be a member at this moment, not some minutes ago. */
function decides(text: string, prefix: string): boolean {
  return /^\s*(approve|deny|answer)\b/i.test(text.slice(prefix.length));
}

/** A mention arrives twice, as a message and as a mention: both have the same time stamp, which is the key. */
async function ofLine(options: HearingOptions, said: Said): Promise<Heard | null> {
  const { team, people } = options;
  const text = lineIn(said, { prefix: options.prefix, self: options.self() });
  if (text === null || said.user === undefined) return null;
  const from = await people.speaker(said.user, {
    team: said.user_team ?? said.source_team ?? said.team,
    fresh: decides(text, options.prefix),
  });
  if (from === null) return null;
  const kind = said.channel_type === 'im' ? 'direct' : kindOf(said.channel);
  const thread = said.thread_ts ?? (kind === 'direct' ? undefined : said.ts);
  const place = placeOf(team, said.channel, kind);
  const key = `${team}/${said.channel}/${said.ts}`;
  if (thread !== undefined) options.threads.met(said.channel, thread, said.thread_ts !== undefined);
  return { message: message({ key, from, place, text }, thread === undefined ? {} : { replyTo: thread }) };
}

async function ofMark(options: HearingOptions, mark: Mark): Promise<Heard | null> {
  const { team, people } = options;
  const { channel, ts } = mark.item;
  const reaction = reactionOf(mark, options.reactions);
  if (reaction === null || channel === undefined || ts === undefined) return null;
  // vigie's own marks are no votes, and one on what somebody else said is none of its business.
  if (mark.user === options.self() || isOfOther(mark, options.self())) return null;
  if (!(await options.stands(mark))) return null;
  const from = await people.speaker(mark.user, { fresh: true });
  if (from === null) return null;
  const place = placeOf(team, channel, kindOf(channel));
  const key = `${team}/${channel}/${ts}/${mark.user}/${reaction.choice}/${mark.event_ts}`;
  return { message: message({ key, from, place, text: '' }, { reaction }) };
}

/** What an app says may be told without whose it is, or as that of `B…`: whether it is a card of vigie's, rows tell. */
function isOfOther({ item_user: author = '' }: Mark, self: string): boolean {
  return /^[UW]/.test(author) && author !== self;
}

async function ofHome(options: HearingOptions, { user, tab, event_ts: at }: Opened): Promise<Heard | null> {
  if (tab !== undefined && tab !== 'home') return null;
  const from = await options.people.speaker(user);
  if (from === null) return null;
  return { message: homeFor(options, user, { key: `${options.team}/home/${user}/${at ?? Date.now()}`, from }) };
}

/** The home shows what one hears who asks for it. */
function homeFor({ team, prefix }: HearingOptions, user: string, said: Pick<Words, 'key' | 'from'>): Message {
  return message({ ...said, place: homeOf(team, user), text: `${prefix}mine` });
}

async function ofClick(options: HearingOptions, click: Click): Promise<Heard | null> {
  const { team, people } = options;
  const [action] = click.actions;
  if (action === undefined || !action.action_id.startsWith(`${replyAction}:`) || action.value === '') return null;
  const from = await people.speaker(click.user.id, { team: click.user.team_id ?? click.team?.id, fresh: true });
  if (from === null) return null;
  const channel = click.channel?.id ?? click.container?.channel_id ?? (await options.direct(click.user.id));
  const thread = click.message?.thread_ts ?? click.container?.thread_ts;
  const place = placeOf(team, channel, kindOf(channel));
  const { key, before } = clickKeys(click, action);
  return {
    message: message(
      { key, from, place, text: unescaped(action.value) },
      { before, ...(thread === undefined ? {} : { replyTo: thread }) },
    ),
    // A home shows no longer what was true before its button was pressed.
    ...(click.view?.type === 'home' ? { also: homeFor(options, click.user.id, { key: `${key}/home`, from }) } : {}),
    ...(click.response_url === undefined ? {} : { responseUrl: click.response_url }),
  };
}

/** Where vigie is no member it cannot speak: then the conversation goes on between the two of them. */
async function ofSlash(options: HearingOptions, slash: Slash): Promise<Heard | null> {
  const { team, people, prefix } = options;
  const here = await options.isMember(slash.channel_id);
  const channel = here ? slash.channel_id : await options.direct(slash.user_id);
  const typed = decode(slash.text).trim();
  const text = typed.startsWith(prefix) ? typed : `${prefix}${typed === '' ? 'help' : typed}`;
  const from = await people.speaker(slash.user_id, { team: slash.team_id, fresh: decides(text, prefix) });
  if (from === null) return null;
  const key = `${team}/slash/${slash.trigger_id}`;
  return {
    message: message({ key, from, place: placeOf(team, channel, kindOf(channel)), text }),
    ...(slash.response_url === undefined ? {} : { responseUrl: slash.response_url }),
    ...(here
      ? {}
      : { note: 'vigie is not in this channel: the answer comes in your direct messages (or /invite @vigie)' }),
  };
}
