/**
 * Accounts are compared by this: IRC services do not tell Alice from alice. ASCII letters alone are folded: a Kelvin
 * sign is no k, whatever Unicode thinks, and somebody might register it.
 */
export function accountKey(account: string): string {
  return account.startsWith('irc:') ? account.replace(/[A-Z]/g, (letter) => letter.toLowerCase()) : account;
}
