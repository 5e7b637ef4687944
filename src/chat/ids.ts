/**
 * Accounts and places are compared by this: IRC does not tell Alice from alice, nor #Ops from #ops. ASCII letters alone
 * are folded: a Kelvin sign is no k, whatever Unicode thinks, and `[` is `{` on some networks only: on the others
 * somebody might register it. A server names an account always as it was registered.
 */
export function idKey(id: string): string {
  return id.startsWith('irc:') ? id.replace(/[A-Z]/g, (letter) => letter.toLowerCase()) : id;
}

/** What holds in a channel holds for what is said there to some alone, too: IRC's `@#ops`. The nearest comes first. */
export function placesAround(place: string): string[] {
  const key = idKey(place);
  const channel = key.replace(/^(irc:[^/]+\/)[~&@%+!]+(?=[#&])/, '$1');
  return channel === key ? [key] : [key, channel];
}
