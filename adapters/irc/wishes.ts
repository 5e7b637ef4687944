import type { Client } from 'irc-framework';
import type { Bucket } from './bucket.ts';
import { field } from './event.ts';
import { lineOf, type Outgoing } from './line.ts';
import type { NetworkOptions } from './options.ts';
import type { Pace } from './pace.ts';

/** What is so, as the server told it. */
export interface State {
  registered: boolean;
  account: string | null;
  readonly channels: Set<string>;
  /** Services said no to the login itself: not asked again before, by performance.now(). */
  refusedUntil: number;
  /** Nicks tried since the connection began. */
  nicks: number;
  stopping: boolean;
}

export interface Parts {
  readonly options: NetworkOptions;
  readonly pace: Pace;
  readonly client: Client;
  readonly bucket: Bucket;
  readonly state: State;
  readonly losses: readonly ((why: Error) => void)[];
}

/** True too where no account is wished. */
export function isIdentified({ login }: NetworkOptions, client: Client, { account }: State): boolean {
  if (login === null) return true;
  return account !== null && client.caseCompare(account, login.account);
}

/** What the server tells about ourselves. */
export function watch({ options, pace, client, state, bucket }: Parts): void {
  const protocol = (outgoing: Outgoing) => void bucket.put(lineOf(outgoing), 'protocol', '').catch(() => undefined);
  const isUs = (nick: unknown) => typeof nick === 'string' && client.caseCompare(nick, client.user.nick);
  client.requestCap(['labeled-response']);
  const anotherNick = () => {
    if (state.registered) return;
    state.nicks += 1;
    client.changeNick(`${options.nick.slice(0, 12)}_${state.nicks === 1 ? '' : state.nicks}`);
  };
  client.on('nick in use', anotherNick);
  // A server that finds two under one nick gives each a number; the framework does not keep that, and would not know its
  // own lines any more, nor that its nick is gone.
  client.on('nick', (event) => {
    const given = field(event, 'new_nick');
    if (isUs(field(event, 'nick')) && typeof given === 'string' && /^\d/.test(given)) client.user.nick = given;
  });
  client.on('unknown command', (event) => {
    if (field(event, 'command') === '437') anotherNick();
  });
  client.on('loggedin', (event) => {
    const account = field(event, 'account');
    state.account = typeof account === 'string' ? account : null;
  });
  client.on('loggedout', () => {
    state.account = null;
  });
  client.on('account', (event) => {
    const account = field(event, 'account');
    if (isUs(field(event, 'nick'))) state.account = typeof account === 'string' ? account : null;
  });
  client.on('sasl failed', (event) => {
    const reason = field(event, 'reason');
    if (reason !== 'capability_missing') state.refusedUntil = performance.now() + pace.refusedMs;
    options.log('warn', { network: options.name, reason }, 'services did not let vigie log in');
  });
  client.on('join', (event) => {
    if (isUs(field(event, 'nick'))) state.channels.add(client.caseLower(String(field(event, 'channel'))));
  });
  const left = (event: unknown, who: string) => {
    if (isUs(field(event, who))) state.channels.delete(client.caseLower(String(field(event, 'channel'))));
  };
  client.on('part', (event) => left(event, 'nick'));
  client.on('kick', (event) => left(event, 'kicked'));
  // Its own mask as others see it: lines are as long as that allows.
  client.on('registered', () => protocol({ command: 'WHO', params: [client.user.nick] }));
  client.on('users online', (event) => {
    const nicks = field(event, 'nicks');
    const back = Array.isArray(nicks) && nicks.some((nick) => client.caseCompare(String(nick), 'NickServ'));
    if (!back || !state.registered || isIdentified(options, client, state)) return;
    if (performance.now() < state.refusedUntil) return;
    options.log('info', { network: options.name }, 'services are there: connecting again to log in');
    client.connection.end(null, true);
  });
}

/** Asks for whatever is not as it is wished. */
export function settle({ options, client, state, bucket }: Parts): void {
  if (!state.registered) return;
  const ask = (command: string, ...params: string[]) =>
    void bucket.put(lineOf({ command, params }), 'protocol', '').catch(() => undefined);
  const identified = isIdentified(options, client, state);
  // Only SASL carries the password: whoever calls themselves NickServ is told nothing.
  if (!identified) ask('ISON', 'NickServ');
  if (!client.caseCompare(client.user.nick, options.nick)) {
    if (identified && options.login !== null) ask('PRIVMSG', 'NickServ', `GHOST ${options.nick}`);
    ask('NICK', options.nick);
  }
  for (const { name, key } of options.channels) {
    if (!state.channels.has(client.caseLower(name))) ask('JOIN', name, ...(key === null ? [] : [key]));
  }
}
