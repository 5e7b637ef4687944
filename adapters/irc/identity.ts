import { idKey } from '../../src/chat/ids.ts';
import type { Speaker } from '../../src/chat/message.ts';
import type { Network } from './network.ts';
import type { Said } from './said.ts';
import { openWhois } from './whois.ts';

/** Who spoke: decided for each message anew, never remembered, never from a nick or a host. */
export interface Identity {
  of(said: Said): Promise<Speaker>;
}

const login = 'log in to services (/msg NickServ IDENTIFY ACCOUNT PASSWORD) and say it again';

/** An account, or why there is none. */
type Found = string | { readonly why: string };

/**
 * `accounts`: the network has services, for vigie itself has an account there; else nobody has one, whatever the server
 * says. Where the server puts the account on each message, that tag alone decides. Where it does not, the server is asked
 * at the moment of the command.
 */
export function openIdentity(network: Network, { accounts }: { accounts: boolean }): Identity {
  const { client } = network;
  const ask = openWhois(network);

  /** Null: the server has to be asked. */
  function told(said: Said): Found | null {
    if (!accounts) return { why: 'this network has no accounts: here you can look at most, and nobody can approve' };
    if (!network.identified())
      return { why: 'vigie itself is not logged in to services just now, and takes nobody at their word until it is' };
    if (!client.network.cap.isEnabled('account-tag')) return null;
    return said.account === '' ? { why: `services do not know you: ${login}` } : said.account;
  }

  /** WHOIS tells who has the nick when it answers: only in a channel would vigie have seen it change hands before. */
  async function asked(said: Said): Promise<Found> {
    if (!isChannel(said.target))
      return { why: 'this server vouches for nobody in a private word: say it in a channel that vigie is in' };
    const whois = await ask(said.nick);
    const same =
      whois !== null &&
      whois.ident === said.ident &&
      whois.hostname === said.hostname &&
      whois.channels.some((channel) => client.caseCompare(channel, said.target));
    return (same ? whois.account : null) ?? { why: `the server names no account of yours: ${login}` };
  }

  return {
    async of(said) {
      const found = told(said) ?? (await asked(said));
      if (typeof found !== 'string') return { account: null, name: said.nick, why: found.why };
      return { account: idKey(`irc:${network.name}/${found}`), name: said.nick };
    },
  };
}

export function isChannel(target: string): boolean {
  return /^[#&]/.test(target);
}
