import { idKey } from '../../src/chat/ids.ts';
import { field } from './event.ts';
import { protocol } from './lanes.ts';
import type { Network } from './network.ts';

const patienceMs = 10_000;
const remembered = 2000;

/** Under which nick somebody with an account can be spoken to. */
export interface Whereabouts {
  /** The nick was just used with this account. */
  seen(account: string, nick: string): void;
  /** The nick by which to call somebody where all may read it; null where none was seen. It decides nothing. */
  lastNick(account: string): string | null;
  /**
   * Null: not here, or not logged in any more. The server is asked first, for a nick may have another owner by now; where
   * it does not answer this rejects.
   */
  nickOf(account: string): Promise<string | null>;
}

export function openWhereabouts(network: Network): Whereabouts {
  const nicks = new Map<string, string>();
  const { client, name } = network;
  const accountBehind = openAccounts(network);
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
      const own = account.slice(`irc:${name}/`.length);
      // Gone from there they may have come again unseen: mostly people have the nick that their account is called by.
      for (const nick of new Set([lastNick(account) ?? own, own])) {
        const has = await accountBehind(nick);
        if (has !== null && idKey(`irc:${name}/${has}`) === idKey(account)) return nick;
      }
      return null;
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

/** Null where the server says so. Where it says nothing it rejects: that nobody is there is not known then. */
type AskAccount = (nick: string) => Promise<string | null>;

function openAccounts(network: Network): AskAccount {
  const { client } = network;
  const unanswered = new Set<(why: Error) => void>();
  network.onLoss((why) => {
    for (const fail of [...unanswered]) fail(why);
  });
  return (nick) =>
    new Promise((resolve, reject) => {
      const late = setTimeout(() => fail(new Error(`the server does not say who ${nick} is`)), patienceMs);
      late.unref();
      function end(): void {
        clearTimeout(late);
        client.off('whois', told);
        unanswered.delete(fail);
      }
      function fail(why: Error): void {
        end();
        reject(why);
      }
      function told(event: unknown): void {
        if (!client.caseCompare(String(field(event, 'nick')), nick)) return;
        end();
        const account = field(event, 'account');
        resolve(typeof account === 'string' && account !== '' ? account : null);
      }
      unanswered.add(fail);
      client.on('whois', told);
      network.send({ command: 'WHOIS', params: [nick] }, protocol).catch(fail);
    });
}
