import type { Channel, Json, Workspace } from './state.ts';

/** The scope without which an event never comes, and nobody says so. */
const scopes: Readonly<Record<string, string>> = {
  'message.channels': 'channels:history',
  'message.groups': 'groups:history',
  'message.im': 'im:history',
  'message.mpim': 'mpim:history',
  app_mention: 'app_mentions:read',
  reaction_added: 'reactions:read',
  reaction_removed: 'reactions:read',
  member_joined_channel: 'channels:read',
  member_left_channel: 'channels:read',
  user_change: 'users:read',
};

const families = { public: 'channels', private: 'groups', im: 'im', mpim: 'mpim' } as const;

/** Whether the app hears of it: subscribed, allowed, and in the channel. */
export function isHeard(event: Json, channel: Channel | undefined, { app }: Workspace): boolean {
  const type = String(event['type']);
  const name = type === 'message' && channel !== undefined ? `message.${families[channel.kind]}` : type;
  const scope = scopes[name];
  if (!app.events.has(name) || app.revoked.has('bot')) return false;
  if (scope !== undefined && !app.scopes.has(scope)) return false;
  return channel === undefined || channel.members.has(app.user) || type === 'app_home_opened';
}
