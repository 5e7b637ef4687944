import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { unpacked } from '../setup/debian.ts';

export { onDebian } from '../setup/debian.ts';

/** The servers, and the libraries of theirs that a bare Debian may not have. */
const packages = [
  'inspircd',
  'atheme-services',
  'ngircd',
  'ircd-hybrid',
  'libident',
  'libltdl7',
  'libssl3',
  'libgnutls30',
];

/** Real IRC servers come as Debian's packages. */
export function unpackedServers(): Promise<string> {
  return unpacked('irc', packages);
}

/** Where the shared libraries are: /usr/lib/<the machine's name for itself>. */
export function librariesOf(root: string): string {
  const lib = join(root, 'usr/lib');
  const machine = readdirSync(lib).find((name) => existsSync(join(lib, name, 'atheme')));
  if (machine === undefined) throw new Error(`${lib} holds no libraries: remove ${root} and try again`);
  return join(lib, machine);
}
