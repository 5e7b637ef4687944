import { idKey } from '../../src/chat/ids.ts';
import { field } from './event.ts';
import type { Network } from './network.ts';

const patienceMs = 10_000;
const remembered = 2000;

/** Under which nick somebody with an account can be spoken to. */
export interface Whereabouts {
  /** The nick was just used with this account. */
  seen(account: string, nick: string): void;
  /** The nick by which to call somebody where all may read it; null where none was seen. It decides nothing. */
  lastNick(account: string): string | null;
  /** Null: not here, or not logged in any more. The server is asked first, for a nick may have another owner by now. */
  nickOf(account: string): Promise<string | null>;
}

export function openWhereabouts(network: Network): Whereabouts {
  const nicks = new Map<string, string>();
  const { client, name } = network;
  function seen(account: string, nick: string): void {
    nicks.delete(account);
    nicks.set(account, nick);
    if (nicks.size > remembered) nicks.delete(nicks.keys().next().value ?? '');
  }
  const lastNick = (account: string): string | null => nicks.get(idKey(account)) ?? null;
  lookAround(network, (account, nick) => seen(idKey(`irc:${name}/${account}`), nick));
  client.on('nick', (event) => {
    const [before, now] = [String(field(event, 'nick')), String(field(event, 'new_nick'))];
    // A copy: `seen` puts it at the end, where a nick that only changed its letters would be met again, for ever.
    for (const [account, nick] of [...nicks]) if (client.caseCompare(nick, before)) seen(account, now);
  });
  return {
    seen,
    lastNick,
    async nickOf(account) {
      const nick = lastNick(account) ?? account.slice(`irc:${name}/`.length);
      const has = await accountBehind(network, nick);
      return has !== null && idKey(`irc:${name}/${has}`) === idKey(account) ? nick : null;
    },
  };
}

/** Who is there under which account: whoever comes or logs in, and on coming whoever is there already. */
function lookAround({ client }: Network, seen: (account: string, nick: string) => void): void {
  const look = (one: unknown) => {
    const [account, nick] = [field(one, 'account'), field(one, 'nick')];
    if (typeof account === 'string' && account !== '' && typeof nick === 'string') seen(account, nick);
  };
  client.on('account', look);
  client.on('join', (event) => {
    look(event);
    const ours = client.caseCompare(String(field(event, 'nick')), client.user.nick);
    // Without WHOX the answer names no accounts.
    if (ours && client.network.supports('WHOX')) client.who(String(field(event, 'channel')), () => {});
  });
  client.on('wholist', (event) => {
    const users = field(event, 'users');
    if (Array.isArray(users)) for (const user of users) look(user);
  });
}

function accountBehind(network: Network, nick: string): Promise<string | null> {
  return new Promise((resolve) => {
    const { client } = network;
    const late = setTimeout(() => answer(null), patienceMs);
    late.unref();
    function answer(account: string | null): void {
      clearTimeout(late);
      client.off('whois', told);
      resolve(account);
    }
    function told(event: unknown): void {
      if (!client.caseCompare(String(field(event, 'nick')), nick)) return;
      const account = field(event, 'account');
      answer(typeof account === 'string' && account !== '' ? account : null);
    }
    client.on('whois', told);
    network.send({ command: 'WHOIS', params: [nick] }, 'protocol', '').catch(() => answer(null));
  });
}
