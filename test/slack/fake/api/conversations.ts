import { Refusal } from '../refusal.ts';
import { type Channel, directWith, type Json, type Message, messageOf } from '../state.ts';
import { type Call, knownChannel, type Methods, mustBeIn, mustMay, scopeOf } from './method.ts';
import { shown } from './shown.ts';

const paging = ['limit', 'cursor'];
const period = ['latest', 'oldest', 'inclusive', 'include_all_metadata'];

export const conversations: Methods = {
  'conversations.history': {
    token: 'bot',
    scopes: [],
    tier: 3,
    args: ['channel', ...period, ...paging],
    run(call) {
      const channel = readableChannel(call);
      const visible = channel.messages.filter(
        (message) =>
          message.to === undefined &&
          !message.deleted &&
          (message.thread === undefined || message.subtype === 'thread_broadcast') &&
          isWithin(call, message),
      );
      return page(call, visible.reverse());
    },
  },
  'conversations.replies': {
    token: 'bot',
    scopes: [],
    tier: 3,
    args: ['channel', 'ts', ...period, ...paging],
    run(call) {
      const channel = readableChannel(call);
      const parent = messageOf(channel, call.args.needed('ts'));
      if (parent === undefined) throw new Refusal('thread_not_found');
      const root = parent.thread ?? parent.ts;
      const visible = channel.messages.filter(
        (message) =>
          message.to === undefined &&
          !message.deleted &&
          (message.ts === root || (message.thread === root && isWithin(call, message))),
      );
      return page(call, visible);
    },
  },
  'conversations.info': {
    token: 'bot',
    scopes: [],
    tier: 3,
    args: ['channel', 'include_locale', 'include_num_members'],
    run(call) {
      const channel = knownChannel(call);
      mustMay(call.workspace, [scopeOf(channel, 'read')]);
      return { channel: described(channel, call) };
    },
  },
  'conversations.list': {
    token: 'bot',
    scopes: ['channels:read', 'groups:read', 'im:read', 'mpim:read'],
    tier: 2,
    args: ['types', 'exclude_archived', ...paging],
    run(call) {
      const types = (call.args.text('types') || 'public_channel').split(',');
      const kinds: string[] = types.map((type) => type.replace('_channel', ''));
      const { channels, app } = call.workspace;
      const all = [...channels.values()].filter(
        ({ kind, members, archived }) =>
          kinds.includes(kind) &&
          (kind === 'public' || members.has(app.user)) &&
          !(archived && call.args.flag('exclude_archived')),
      );
      return { channels: all.map((channel) => described(channel, call)), response_metadata: { next_cursor: '' } };
    },
  },
  'conversations.members': {
    token: 'bot',
    scopes: [],
    tier: 4,
    args: ['channel', ...paging],
    run(call) {
      const channel = knownChannel(call);
      mustMay(call.workspace, [scopeOf(channel, 'read')]);
      return { members: [...channel.members], response_metadata: { next_cursor: '' } };
    },
  },
  'conversations.open': {
    token: 'bot',
    scopes: ['im:write'],
    tier: 3,
    args: ['users', 'channel', 'return_im', 'prevent_creation'],
    run(call) {
      const user = call.workspace.users.get(call.args.needed('users'));
      if (user === undefined) throw new Refusal('user_not_found');
      if (user.deleted) throw new Refusal('user_disabled');
      if (user.bot) throw new Refusal('cannot_dm_bot');
      return { channel: { id: directWith(call.workspace, user.id).id } };
    },
  },
};

function readableChannel(call: Call): Channel {
  const channel = knownChannel(call);
  mustMay(call.workspace, [scopeOf(channel, 'history')]);
  mustBeIn(call.workspace, channel);
  return channel;
}

function isWithin({ args }: Call, { ts }: Message): boolean {
  const inclusive = args.flag('inclusive');
  const latest = args.text('latest');
  const oldest = args.text('oldest') || '0';
  const before = latest === '' || Number(ts) < Number(latest) || (inclusive && ts === latest);
  return before && (Number(ts) > Number(oldest) || (inclusive && ts === oldest));
}

function page({ args, workspace }: Call, messages: readonly Message[]): Json {
  const limit = args.number('limit', 100);
  if (limit < 1 || limit > 999) throw new Refusal('invalid_limit');
  const from = cursorOf(args.text('cursor'));
  const more = messages.length > from + limit;
  const metadata = args.flag('include_all_metadata');
  return {
    messages: messages.slice(from, from + limit).map((message) => shown(message, workspace, metadata)),
    has_more: more,
    response_metadata: { next_cursor: more ? Buffer.from(`next:${from + limit}`).toString('base64') : '' },
  };
}

function cursorOf(cursor: string): number {
  if (cursor === '') return 0;
  const [, from] = /^next:(\d+)$/.exec(Buffer.from(cursor, 'base64').toString()) ?? [];
  if (from === undefined) throw new Refusal('invalid_cursor');
  return Number(from);
}

function described({ id, name, kind, members, archived, shared }: Channel, { workspace }: Call): Json {
  const member = members.has(workspace.app.user);
  if (kind === 'im') {
    const user = [...members].find((other) => other !== workspace.app.user);
    return { id, is_im: true, user, is_archived: archived, is_channel: false, is_private: true };
  }
  return {
    id,
    name,
    name_normalized: name,
    is_channel: true,
    is_group: kind === 'private',
    is_im: false,
    is_mpim: kind === 'mpim',
    is_private: kind !== 'public',
    is_archived: archived,
    is_member: member,
    is_shared: shared,
    is_ext_shared: shared,
    num_members: members.size,
    context_team_id: workspace.team.id,
  };
}
