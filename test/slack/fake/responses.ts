import { isShownAlone } from './api/chat.ts';
import { validBlocks } from './blocks/validate.ts';
import { addMessage, removeMessage, reviseMessage, type Stage } from './messages.ts';
import { Refusal } from './refusal.ts';
import { type Channel, type Json, type Message, newId } from './state.ts';

/** Where a response_url leads: to the person who clicked or commanded, in that channel. */
export interface Origin {
  readonly user: string;
  readonly channel: Channel;
  /** The message that was clicked on; none for a command. */
  readonly message?: Message;
}

export interface Responses {
  url(origin: Origin): string;
  /** What was posted to a response_url, or came with the acknowledgement of a command. */
  post(path: string, body: Json): void;
  answer(origin: Origin, body: Json): void;
}

const uses = 5;
const life = 30 * 60_000;
const known = [
  'text',
  'blocks',
  'attachments',
  'response_type',
  'replace_original',
  'delete_original',
  'thread_ts',
  'mrkdwn',
  'metadata',
  'unfurl_links',
  'unfurl_media',
];

export function makeResponses(stage: Stage, base: string): Responses {
  const { workspace } = stage;
  const open = new Map<string, { readonly origin: Origin; readonly at: number; left: number }>();

  function answer(origin: Origin, body: Json): void {
    const strange = Object.keys(body).filter((name) => !known.includes(name));
    if (strange.length > 0) throw new Refusal('invalid_arguments', { strange });
    const text = typeof body['text'] === 'string' ? body['text'] : '';
    const blocks = body['blocks'] === undefined ? [] : validBlocks(body['blocks']);
    const { message } = origin;
    if (body['delete_original'] === true && message) {
      removeMessage(stage, message);
      return;
    }
    if (text === '' && blocks.length === 0) throw new Refusal('no_text');
    if (body['replace_original'] === true && message) {
      reviseMessage(stage, message, { text, blocks });
      return;
    }
    const thread = typeof body['thread_ts'] === 'string' ? { thread: body['thread_ts'] } : {};
    const to = body['response_type'] === 'in_channel' ? {} : { to: origin.user };
    if ('to' in to && !isShownAlone(origin.channel, thread)) return;
    addMessage(stage, origin.channel, {
      user: workspace.app.user,
      botId: workspace.app.botId,
      text,
      blocks,
      ...thread,
      ...to,
    });
  }

  return {
    answer,
    url(origin) {
      const path = `/actions/${workspace.team.id}/${newId('R')}`;
      open.set(path, { origin, at: workspace.clock.now(), left: uses });
      return `${base}${path}`;
    },
    post(path, body) {
      const way = open.get(path);
      if (way === undefined) throw new Refusal('no_such_url');
      if (workspace.clock.now() - way.at > life * workspace.clock.pace) throw new Refusal('expired_url');
      if (way.left === 0) throw new Refusal('used_url');
      way.left -= 1;
      answer(way.origin, body);
    },
  };
}
