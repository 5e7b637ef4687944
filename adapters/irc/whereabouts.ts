import { field } from './event.ts';
import type { Network } from './network.ts';

const patienceMs = 10_000;
const remembered = 2000;

/** Under which nick somebody with an account can be spoken to alone. */
export interface Whereabouts {
  /** The nick was just used with this account. */
  seen(account: string, nick: string): void;
  /** Null: not here, or not logged in any more. The server is asked first, for a nick may have another owner by now. */
  nickOf(account: string): Promise<string | null>;
}

export function openWhereabouts(network: Network): Whereabouts {
  const nicks = new Map<string, string>();
  const { client, name } = network;
  return {
    seen(account, nick) {
      nicks.delete(account);
      nicks.set(account, nick);
      if (nicks.size > remembered) nicks.delete(nicks.keys().next().value ?? '');
    },
    async nickOf(account) {
      const nick = nicks.get(account) ?? account.slice(`irc:${name}/`.length);
      const has = await accountBehind(network, nick);
      return has !== null && `irc:${name}/${client.caseLower(has)}` === account ? nick : null;
    },
  };
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
