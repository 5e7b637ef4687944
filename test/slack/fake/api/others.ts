import { profileOf, react } from '../messages.ts';
import { Refusal } from '../refusal.ts';
import { type Message, messageOf } from '../state.ts';
import { type Call, knownChannel, type Methods, mustBeIn } from './method.ts';
import { shown } from './shown.ts';

export const others: Methods = {
  'api.test': { token: 'none', scopes: [], tier: 4, args: ['foo', 'error'], run: () => ({}) },
  'auth.test': {
    token: 'bot',
    scopes: [],
    tier: 4,
    args: [],
    run({ workspace: { app, team }, base }) {
      const more = { bot_id: app.botId, is_enterprise_install: false };
      return { url: `${base}/`, team: team.name, user: app.name, team_id: team.id, user_id: app.user, ...more };
    },
  },
  'bots.info': {
    token: 'bot',
    scopes: ['users:read'],
    tier: 3,
    args: ['bot'],
    run({ args, workspace: { app } }) {
      if (args.has('bot') && args.text('bot') !== app.botId) throw new Refusal('bot_not_found');
      return { bot: { id: app.botId, deleted: false, name: app.name, app_id: app.id, user_id: app.user } };
    },
  },
  'team.info': {
    token: 'bot',
    scopes: ['team:read'],
    tier: 3,
    args: ['team'],
    run: ({ workspace: { team } }) => ({ team: { id: team.id, name: team.name, domain: team.name } }),
  },
  'users.info': {
    token: 'bot',
    scopes: ['users:read'],
    tier: 4,
    args: ['user', 'include_locale'],
    run({ args, workspace }) {
      const user = workspace.users.get(args.needed('user'));
      if (user === undefined) throw new Refusal('user_not_found');
      return { user: profileOf(user, workspace) };
    },
  },
  'users.list': {
    token: 'bot',
    scopes: ['users:read'],
    tier: 2,
    args: ['limit', 'cursor', 'include_locale'],
    run: ({ workspace }) => ({
      members: [...workspace.users.values()].map((user) => profileOf(user, workspace)),
      response_metadata: { next_cursor: '' },
    }),
  },
  'usergroups.list': {
    token: 'bot',
    scopes: ['usergroups:read'],
    tier: 2,
    args: ['include_count', 'include_disabled', 'include_users'],
    run: ({ workspace }) => ({
      usergroups: [...workspace.groups.values()].map((group) => ({ ...group, name: group.handle, is_usergroup: true })),
    }),
  },
  'usergroups.users.list': {
    token: 'bot',
    scopes: ['usergroups:read'],
    tier: 2,
    args: ['usergroup', 'include_disabled'],
    run({ args, workspace }) {
      const group = workspace.groups.get(args.needed('usergroup'));
      if (group === undefined) throw new Refusal('no_such_subteam');
      return { users: group.users };
    },
  },
  'reactions.add': {
    token: 'bot',
    scopes: ['reactions:write'],
    tier: 3,
    args: ['channel', 'timestamp', 'name'],
    run: (call) => mark(call, false),
  },
  'reactions.remove': {
    token: 'bot',
    scopes: ['reactions:write'],
    tier: 2,
    args: ['channel', 'timestamp', 'name'],
    run: (call) => mark(call, true),
  },
  'reactions.get': {
    token: 'bot',
    scopes: ['reactions:read'],
    tier: 3,
    args: ['channel', 'timestamp', 'full'],
    run(call) {
      const message = markedMessage(call);
      return { type: 'message', channel: message.channel, message: shown(message, call.workspace) };
    },
  },
};

function markedMessage(call: Call): Message {
  const channel = knownChannel(call);
  const message = messageOf(channel, call.args.needed('timestamp'));
  if (message === undefined) throw new Refusal('message_not_found');
  return message;
}

function mark(call: Call, gone: boolean): Record<string, never> {
  const channel = knownChannel(call);
  mustBeIn(call.workspace, channel);
  if (channel.archived) throw new Refusal('is_archived');
  const message = markedMessage(call);
  const user = call.workspace.app.user;
  const name = call.args.needed('name');
  if (!/^[a-z0-9_+'-]+(::skin-tone-[2-6])?$/.test(name)) throw new Refusal('invalid_name');
  const marked = message.reactions.get(name)?.includes(user) ?? false;
  if (marked === !gone) throw new Refusal(gone ? 'no_reaction' : 'already_reacted');
  react(call, message, { user, name, gone });
  return {};
}
