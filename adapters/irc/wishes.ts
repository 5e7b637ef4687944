import type { Client } from 'irc-framework';
import { field } from './event.ts';
import { protocol } from './lanes.ts';
import { lineOf, type Outgoing } from './line.ts';
import { isRivalled, rivalled } from './rivals.ts';
import { blame, isIdentified, type Parts } from './state.ts';

/** What the server tells about ourselves. */
export function watch({ options, client, state, bucket }: Parts): void {
  const send = (outgoing: Outgoing) => void bucket.put(lineOf(outgoing), protocol).catch(() => undefined);
  const isUs = (nick: unknown) => typeof nick === 'string' && client.caseCompare(nick, client.user.nick);
  client.requestCap(['labeled-response']);
  const anotherNick = () => {
    if (state.registered) return;
    if (isRivalled(state)) {
      blame(state, rivalled);
      client.connection.end(null, true);
      return;
    }
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
  client.on('join', (event) => {
    if (!isUs(field(event, 'nick'))) return;
    const channel = client.caseLower(String(field(event, 'channel')));
    state.channels.add(channel);
    state.refusals.delete(channel);
  });
  const left = (event: unknown, who: string) => {
    if (isUs(field(event, who))) state.channels.delete(client.caseLower(String(field(event, 'channel'))));
  };
  client.on('part', (event) => left(event, 'nick'));
  client.on('kick', (event) => left(event, 'kicked'));
  // Its own mask as others see it: lines are as long as that allows.
  client.on('registered', () => send({ command: 'WHO', params: [client.user.nick] }));
  markAsBot(client, send);
}

/** Networks ask programs to say that they are programs: `BOT=` names the mode. */
function markAsBot(client: Client, send: (outgoing: Outgoing) => void): void {
  let marked = false;
  client.on('registered', () => {
    marked = false;
  });
  client.on('server options', () => {
    const mode = client.network.supports('BOT');
    if (marked || typeof mode !== 'string' || !/^[A-Za-z]$/.test(mode)) return;
    marked = true;
    send({ command: 'MODE', params: [client.user.nick, `+${mode}`] });
  });
}

/** Asks for whatever is not as it is wished. */
export function settle({ options, client, state, bucket }: Parts): void {
  if (!state.registered) return;
  const ask = (command: string, ...params: string[]) =>
    void bucket.put(lineOf({ command, params }), protocol).catch(() => undefined);
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
