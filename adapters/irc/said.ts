import { field } from './event.ts';

/** What irc-framework tells of a message or a mark; everything that is not needed is left out. */
export interface Said {
  readonly nick: string;
  readonly ident: string;
  readonly hostname: string;
  readonly target: string;
  /** `@` where only the operators of the channel were told. */
  readonly group: string;
  readonly message: string;
  readonly tags: unknown;
  /** By the server's clock, where it tells. */
  readonly time: number | null;
  /** The message's own account tag: empty where the sender is not logged in, or the server has no such tags. */
  readonly account: string;
  /** It is part of a history that is told again. */
  readonly batched: boolean;
}

/** Null where nobody said it, or to nobody. */
export function saidOf(event: unknown): Said | null {
  const word = (name: string): string => {
    const value = field(event, name);
    return typeof value === 'string' ? value : '';
  };
  const [nick, time, account] = [word('nick'), field(event, 'time'), word('account')];
  // The framework takes the sign off a message, but not off a mark.
  const [, sign = '', target = ''] = /^([~&@%+!]+(?=[#&]))?(.*)$/s.exec(word('target')) ?? [];
  if (nick === '' || target === '') return null;
  return {
    nick,
    ident: word('ident'),
    hostname: word('hostname'),
    target,
    group: word('group') || sign,
    message: word('message'),
    tags: field(event, 'tags'),
    time: typeof time === 'number' ? time : null,
    account: account === '*' ? '' : account,
    batched: field(event, 'batch') !== undefined,
  };
}

/** A tag with something in it. */
export function tagOf({ tags }: Said, name: string): string | null {
  const value = field(tags, name);
  return typeof value === 'string' && value !== '' ? value : null;
}
