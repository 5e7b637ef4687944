import type { Place } from '../../src/chat/message.ts';
import type { Web } from './web.ts';

/** The first page of the app, which one person sees: the last thing said there is what stands there. */
const home = '~';

export function placeOf(team: string, channel: string, kind: Place['kind']): Place {
  return { adapter: 'slack', id: `slack:${team}/${channel}`, kind };
}

export function homeOf(team: string, user: string): Place {
  return { adapter: 'slack', id: `slack:${team}/${home}${user}`, kind: 'direct' };
}

/** The channel's id, or whose home it is. */
export function channelOf({ id }: Place): { readonly channel: string } | { readonly home: string } {
  const name = id.slice(id.indexOf('/') + 1);
  return name.startsWith(home) ? { home: name.slice(home.length) } : { channel: name };
}

export function userOf(account: string): string {
  return account.slice(account.indexOf('/') + 1);
}

/** Direct channels begin so. */
export function kindOf(channel: string): Place['kind'] {
  return channel.startsWith('D') ? 'direct' : 'channel';
}

/** The channel of one person and vigie. */
export function openDirects(web: Web): (user: string) => Promise<string> {
  const known = new Map<string, string>();
  return async (user) => {
    const found = known.get(user);
    if (found !== undefined) return found;
    const { channel } = await web.ask('conversations.open', { users: user });
    const id = typeof channel === 'object' ? String(channel['id']) : String(channel);
    known.set(user, id);
    if (known.size > 5000) known.delete(known.keys().next().value ?? '');
    return id;
  };
}
