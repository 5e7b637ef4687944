import { field } from './event.ts';
import { isIdentified, type Parts } from './state.ts';

/** Services that come back are told by a connection made anew: only while registering is one let in with SASL everywhere. */
export function watchServices(parts: Parts): void {
  watchLogin(parts);
  const { options, client, state } = parts;
  const facts = { network: options.name };
  const again = () => {
    if (!state.registered || isIdentified(options, client, state) || performance.now() < state.refusedUntil) return;
    if (state.sought) return;
    state.sought = true;
    options.log('info', facts, 'services are there: connecting again to log in');
    client.connection.end(null, true);
  };
  client.on('users online', (event) => {
    const nicks = field(event, 'nicks');
    if (Array.isArray(nicks) && nicks.some((nick) => client.caseCompare(String(nick), 'NickServ'))) again();
    else state.sought = false;
  });
  client.on('cap new', (event) => {
    if (field(field(event, 'capabilities'), 'sasl') === undefined) return;
    state.sought = false;
    again();
  });
  client.on('registered', () => {
    if (isIdentified(options, client, state)) state.sought = false;
    else if (state.sought)
      options.log('warn', facts, 'services are there, but this server offers no SASL: vigie is nobody here');
  });
}

/** As whom services know vigie. */
function watchLogin({ options, pace, client, state }: Parts): void {
  const isUs = (nick: unknown) => typeof nick === 'string' && client.caseCompare(nick, client.user.nick);
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
    // Not offered just now is no refusal.
    if (reason === 'capability_missing') return;
    state.refusedUntil = performance.now() + pace.refusedMs;
    state.sought = false;
    options.log('warn', { network: options.name, reason }, 'services did not let vigie log in');
  });
}
