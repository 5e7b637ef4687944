import type { Client } from 'irc-framework';
import { clean } from '../../src/chat/cells.ts';
import { field } from './event.ts';
import type { NetworkOptions } from './options.ts';
import { blame, isIdentified, type Parts, type State } from './state.ts';

/** Keeps what the server says against vigie, in its own words: nobody mends what is not told. */
export function watchTroubles({ options, client, state }: Parts): void {
  const against = (why: string) => blame(state, why);
  function refused(channel: string, reason: string): void {
    const key = client.caseLower(channel);
    if (!options.channels.some(({ name }) => client.caseCompare(name, channel)) || state.channels.has(key)) return;
    const known = state.refusals.get(key) === reason;
    state.refusals.set(key, reason);
    if (known) return;
    options.log('warn', { network: options.name, channel, reason }, 'vigie is not let into a channel; it asks again');
  }
  client.on('irc error', (event) => {
    const [error, channel] = [String(field(event, 'error')), field(event, 'channel')];
    const reason = clean(String(field(event, 'reason') ?? error));
    if (typeof channel === 'string' && notLetIn.has(error)) refused(channel, reason);
    else if (error === 'password_mismatch') against('the server does not take the password (server_password)');
    else if (error === 'irc' || error === 'banned_from_network') against(`the server says: ${reason}`);
  });
  client.on('nick invalid', (event) => {
    if (!state.registered)
      against(`the server does not take the nick ${field(event, 'nick')}: ${field(event, 'reason')}`);
  });
  client.on('channel_redirect', (event) => {
    refused(String(field(event, 'from')), `who comes is sent on to ${clean(String(field(event, 'to')))}`);
  });
  // Numerics that the framework has no name for: no such channel, not just now, not without an account, not without TLS.
  client.on('unknown command', (event) => {
    const params = field(event, 'params');
    if (!/^(403|437|476|477|489|520)$/.test(String(field(event, 'command'))) || !Array.isArray(params)) return;
    refused(String(params[1]), clean(String(params.at(-1))));
  });
  client.on('ping timeout', () => against('nothing was heard from the server any more'));
}

const notLetIn: ReadonlySet<string> = new Set([
  ...['channel_is_full', 'invite_only_channel', 'banned_from_channel', 'bad_channel_key', 'too_many_channels'],
]);

/** One line about what is not as it is wished; null where nothing is known to be wrong. */
export function problemOf(options: NetworkOptions, client: Client, state: State): string | null {
  if (!state.registered) return state.why ?? state.problem ?? 'not connected yet';
  if (!isIdentified(options, client, state))
    return `not logged in to services${state.sought ? ': the server offers no SASL' : ''}`;
  const out = options.channels.flatMap(({ name }) => {
    const reason = state.refusals.get(client.caseLower(name));
    return reason === undefined ? [] : [`not in ${name}: ${reason}`];
  });
  return out.length === 0 ? null : out.join('; ');
}
