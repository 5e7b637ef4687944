import { validBlocks } from '../blocks/validate.ts';
import { addMessage, removeMessage, reviseMessage } from '../messages.ts';
import { Refusal } from '../refusal.ts';
import { type Channel, type Json, type Message, messageOf } from '../state.ts';
import { pingsOf } from '../text.ts';
import { type Call, knownChannel, type Methods, mustBeIn, postingChannel } from './method.ts';
import { shown } from './shown.ts';

const content = [
  'channel',
  'text',
  'markdown_text',
  'blocks',
  'attachments',
  'metadata',
  'parse',
  'link_names',
  'mrkdwn',
];
const naming = ['username', 'icon_emoji', 'icon_url', 'as_user'];
const mostText = 40_000;
const mostTextOfEdit = 4000;

export const chat: Methods = {
  'chat.postMessage': {
    token: 'bot',
    scopes: ['chat:write'],
    tier: 'post',
    args: [...content, ...naming, 'thread_ts', 'reply_broadcast', 'unfurl_links', 'unfurl_media', 'client_msg_id'],
    run(call) {
      const channel = postingChannel(call);
      const said = contentOf(call, mostText);
      const thread = threadOf(call, channel);
      const subtype = call.args.flag('reply_broadcast') ? { subtype: 'thread_broadcast' } : {};
      const message = addMessage(call, channel, { ...ownAuthor(call), ...said, ...thread, ...subtype });
      ping(call, message);
      return { channel: channel.id, ts: message.ts, message: shown(message, call.workspace, true) };
    },
  },
  'chat.postEphemeral': {
    token: 'bot',
    scopes: ['chat:write'],
    tier: 4,
    args: [...content, ...naming, 'user', 'thread_ts'],
    run(call) {
      const channel = postingChannel(call);
      const to = call.args.needed('user');
      if (!call.workspace.users.has(to)) throw new Refusal('user_not_found');
      mustBeIn(call.workspace, channel);
      if (!channel.members.has(to)) throw new Refusal('user_not_in_channel');
      const said = contentOf(call, mostText);
      const spot = threadOf(call, channel);
      // Slack takes it all the same, and nobody ever sees it.
      if (!isShownAlone(channel, spot)) return { message_ts: call.workspace.clock.ts() };
      return { message_ts: addMessage(call, channel, { ...ownAuthor(call), ...said, ...spot, to }).ts };
    },
  },
  'chat.update': {
    token: 'bot',
    scopes: ['chat:write'],
    tier: 3,
    args: [...content, 'ts', 'as_user', 'reply_broadcast', 'file_ids'],
    run(call) {
      const { channel, message } = ownMessage(call, 'cant_update_message');
      const said = contentOf(call, mostTextOfEdit);
      reviseMessage(call, message, {
        text: call.args.has('text') ? said.text : message.text,
        blocks: call.args.has('blocks') ? said.blocks : message.blocks,
        attachments: call.args.has('attachments') ? said.attachments : message.attachments,
        ...(said.metadata === undefined ? {} : { metadata: said.metadata }),
      });
      ping(call, message);
      const { ts, text } = message;
      return { channel: channel.id, ts, text, message: shown(message, call.workspace, true) };
    },
  },
  'chat.delete': {
    token: 'bot',
    scopes: ['chat:write'],
    tier: 3,
    args: ['channel', 'ts', 'as_user'],
    run(call) {
      const { channel, message } = ownMessage(call, 'cant_delete_message');
      removeMessage(call, message);
      return { channel: channel.id, ts: message.ts };
    },
  },
  'chat.getPermalink': {
    token: 'bot',
    scopes: [],
    tier: 4,
    args: ['channel', 'message_ts'],
    run(call) {
      const channel = knownChannel(call);
      const message = messageOf(channel, call.args.needed('message_ts'));
      if (message === undefined) throw new Refusal('message_not_found');
      const permalink = `${call.base}/archives/${channel.id}/p${message.ts.replace('.', '')}`;
      return { channel: channel.id, permalink };
    },
  },
};

/** In a thread only where somebody has answered there already. */
export function isShownAlone({ messages }: Channel, { thread }: { readonly thread?: string }): boolean {
  if (thread === undefined) return true;
  return messages.some((message) => message.thread === thread && !message.deleted && message.to === undefined);
}

function ownAuthor({ workspace: { app } }: Call): { user: string; botId: string } {
  return { user: app.user, botId: app.botId };
}

function ownMessage(call: Call, otherwise: string): { channel: Channel; message: Message } {
  const channel = knownChannel(call);
  const message = messageOf(channel, call.args.needed('ts'));
  if (message === undefined) throw new Refusal('message_not_found');
  if (message.botId !== call.workspace.app.botId) throw new Refusal(otherwise);
  if (channel.archived) throw new Refusal('is_archived');
  return { channel, message };
}

function contentOf(
  { args }: Call,
  most: number,
): { text: string; blocks: Json[]; attachments: Json[]; metadata?: Json } {
  refuseMixed(args);
  const text = args.text('text') || args.text('markdown_text');
  const blocks = args.has('blocks') ? validBlocks(args.all['blocks']) : [];
  const attachments = args.has('attachments') ? validAttachments(args.all['attachments']) : [];
  const metadata = args.has('metadata') ? validMetadata(args.object('metadata')) : undefined;
  if (text === '' && blocks.length === 0 && attachments.length === 0) throw new Refusal('no_text');
  if (text.length > most) throw new Refusal('msg_too_long');
  return { text, blocks, attachments, ...(metadata === undefined ? {} : { metadata }) };
}

/** Markdown stands alone. */
function refuseMixed(args: Call['args']): void {
  if (!args.has('markdown_text')) return;
  if (args.has('text') || args.has('blocks')) throw new Refusal('markdown_text_conflict');
  if (args.text('markdown_text').length > 12_000) throw new Refusal('msg_too_long');
}

function validAttachments(attachments: unknown): Json[] {
  if (!Array.isArray(attachments)) throw new Refusal('invalid_attachments');
  if (attachments.length > 100) throw new Refusal('too_many_attachments');
  return attachments.map((attachment: Json, index) =>
    attachment['blocks'] === undefined
      ? attachment
      : { ...attachment, blocks: validBlocks(attachment['blocks'], `/attachments/${index}/blocks`) },
  );
}

function validMetadata(metadata: Json = {}): Json {
  const { event_type: type, event_payload: payload, ...rest } = metadata;
  if (typeof type !== 'string' || typeof payload !== 'object' || payload === null || Array.isArray(payload))
    throw new Refusal('invalid_metadata_format');
  if (Object.keys(rest).length > 0) throw new Refusal('invalid_metadata_schema');
  if (JSON.stringify(metadata).length > 16_384) throw new Refusal('metadata_too_large');
  return metadata;
}

/** An answer goes to the first message of a thread, never to an answer. */
function threadOf({ args }: Call, channel: Channel): { thread?: string } {
  if (!args.has('thread_ts')) return {};
  const parent = messageOf(channel, args.text('thread_ts'));
  if (parent === undefined) throw new Refusal('thread_not_found');
  if (parent.thread !== undefined) throw new Refusal('cannot_reply_to_message');
  return { thread: parent.ts };
}

function ping({ workspace, args }: Call, message: Message): void {
  for (const whom of pingsOf(message, args)) workspace.pings.push({ whom, channel: message.channel, ts: message.ts });
}
