/** Accounts are compared by this: IRC services do not tell Alice from alice. */
export function accountKey(account: string): string {
  return account.startsWith('irc:') ? account.toLowerCase() : account;
}
