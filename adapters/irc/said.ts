import type { ServerLine } from 'irc-framework';

/** A message or a mark, as a server tells it; everything that is not needed is left out. */
export interface Said {
  readonly nick: string;
  readonly ident: string;
  readonly hostname: string;
  readonly target: string;
  /** `@` where only the operators of the channel were told. */
  readonly group: string;
  readonly message: string;
  readonly tags: ServerLine['tags'];
  /** By the server's clock, where it tells. */
  readonly time: number | null;
  /** The message's own account tag: empty where the sender is not logged in, or the server has no such tags. */
  readonly account: string;
  /** It is part of a history that is told again. */
  readonly batched: boolean;
}

/** Null where no person said it, or to nobody; an action or another CTCP is nothing said either. */
export function saidOf({ nick, ident, hostname, params, tags }: ServerLine): Said | null {
  const [to = '', message = ''] = params;
  if (nick === '' || to === '' || message.startsWith('\u0001')) return null;
  const [group = ''] = /^[~&@%+!]+(?=[#&])/.exec(to) ?? [];
  const target = to.slice(group.length);
  const time = timeOf(tags['time'] ?? '');
  const account = tags['account'] === '*' ? '' : (tags['account'] ?? '');
  const batched = tags['batch'] !== undefined;
  return { nick, ident, hostname, target, group, message, tags, time, account, batched };
}

/** Old bouncers count the seconds since 1970. */
function timeOf(tag: string): number | null {
  const time = /^[\d.]+$/.test(tag) ? Number(tag) * 1000 : Date.parse(tag);
  return Number.isNaN(time) ? null : time;
}

/** A tag with something in it. */
export function tagOf({ tags }: Said, name: string): string | null {
  return tags[name] || null;
}
