/** What the app must be allowed; the manifest asks for exactly these, and the start names what is missing. */
export const scopes: readonly string[] = [
  'app_mentions:read',
  'channels:history',
  'channels:read',
  'chat:write',
  'commands',
  'files:write',
  'groups:history',
  'groups:read',
  'im:history',
  'im:read',
  'im:write',
  'mpim:history',
  'mpim:read',
  'reactions:read',
  'users:read',
];

/** What Slack must tell: each is handled in hearing.ts. */
export const events: readonly string[] = [
  'app_home_opened',
  'app_mention',
  'message.channels',
  'message.groups',
  'message.im',
  'message.mpim',
  'reaction_added',
  'reaction_removed',
];

export const slashCommand = '/vigie';

export function missingScopes(granted: readonly string[]): string[] {
  return scopes.filter((scope) => !granted.includes(scope));
}
