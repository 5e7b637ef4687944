import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { localCertificates } from '../setup/certificates.ts';
import { accounts, registerAccounts } from './accounts.ts';
import { athemeConfig, hybridConfig, inspircdConfig, ngircdConfig } from './configs.ts';
import { type Daemon, daemon } from './daemon.ts';
import { librariesOf, onDebian, unpackedServers } from './packages.ts';
import { freePorts } from './ports.ts';
import { type CuttableLine, openProxy } from './proxy.ts';

export { accounts, onDebian };

/** A server that listens on 127.0.0.1. */
export interface IrcServer extends Daemon {
  readonly port: number;
}

export interface Inspircd extends IrcServer {
  /** TLS, its certificate signed by `ca`. Clients may show `own.pem` of the folder, with `own.key.pem`. */
  readonly tls: number;
  /** The same server with its flood limits lifted. */
  readonly fast: number;
  readonly ca: string;
}

/** A second server of inspircd's network. */
export interface Far extends IrcServer {
  /** What links it to the first: cut and not let in again, that is a netsplit. */
  readonly link: CuttableLine;
}

export interface IrcServers {
  /** IRCv3 and, with services, accounts: vigie, alice, bob, carol (`accounts` has the passwords); mallory has none. */
  readonly inspircd: Inspircd;
  readonly far: Far;
  /** Its services: what knows accounts. */
  readonly atheme: Daemon;
  /** No accounts, no message ids, nothing. */
  readonly ngircd: IrcServer;
  /** The strict one: says `Excess Flood` early. */
  readonly hybrid: IrcServer;
  /** Certificates and logs. */
  readonly folder: string;
  stop(): Promise<void>;
}

export type ServerName = 'inspircd' | 'far' | 'ngircd' | 'hybrid';

/** Real servers of this test file's own, up to and with the accounts registered. Only those named are started. */
export function startIrc(...names: readonly ServerName[]): Promise<IrcServers> {
  return startIrcWithout([], ...names);
}

/** inspircd lacks these modules: as other servers do. */
export async function startIrcWithout(
  lacking: readonly string[],
  ...names: readonly ServerName[]
): Promise<IrcServers> {
  const root = await unpackedServers();
  // Short and in /tmp, whatever TMPDIR says: see `movePrograms`.
  const folder = mkdtempSync('/tmp/vigie-irc-');
  const [plain = 0, fast = 0, tls = 0, link = 0, bare = 0, strict = 0, ...others] = await freePorts(9);
  const [farPlain = 0, farFast = 0, farTls = 0] = others;
  const bridge = await openProxy(() => link);
  const libraries = librariesOf(root);
  await prepare(folder);
  const first = { folder, root, plain, fast, tls, link, through: null, lacking };
  const second = { ...first, plain: farPlain, fast: farFast, tls: farTls, link: 0, through: bridge.port };
  writeFileSync(join(folder, 'inspircd.conf'), inspircdConfig(first));
  writeFileSync(join(folder, 'far.conf'), inspircdConfig(second));
  writeFileSync(join(folder, 'atheme.conf'), athemeConfig({ link }));
  writeFileSync(join(folder, 'ngircd.conf'), ngircdConfig({ folder, port: bare }));
  writeFileSync(join(folder, 'hybrid.conf'), hybridConfig({ modules: join(folder, 'm'), port: strict }));
  movePrograms(root, libraries, folder);
  handOver(folder);

  const parts = { folder, libraries: `${folder}/lib:${libraries}` };
  const inspircd = daemon({
    ...parts,
    name: 'inspircd',
    command: [join(root, 'usr/sbin/inspircd'), '--nofork', `--config=${folder}/inspircd.conf`],
    ports: [plain, fast, tls, link],
  });
  const atheme = daemon({
    ...parts,
    name: 'atheme',
    command: [join(root, 'usr/bin/atheme-services'), ...athemeArguments(folder)],
    ports: [],
  });
  const ngircd = daemon({
    ...parts,
    name: 'ngircd',
    command: [join(root, 'usr/sbin/ngircd'), '-n', '-f', `${folder}/ngircd.conf`],
    ports: [bare],
  });
  const hybrid = daemon({
    ...parts,
    name: 'hybrid',
    command: [join(folder, 'ircd-hybrid'), ...hybridArguments(folder)],
    ports: [strict],
  });

  const far = daemon({
    ...parts,
    name: 'far',
    command: [join(root, 'usr/sbin/inspircd'), '--nofork', `--config=${folder}/far.conf`],
    ports: [farPlain, farFast, farTls],
  });

  const all = { inspircd, far, ngircd, hybrid };
  await Promise.all(names.map((name) => all[name].start()));
  if (names.includes('inspircd')) {
    await atheme.start();
    await registerAccounts(fast);
    // It is linked once services answer there too.
    if (names.includes('far')) await registerAccounts(farFast);
  }
  return {
    inspircd: { ...inspircd, port: plain, fast, tls, ca: join(folder, 'ca.pem') },
    atheme,
    far: { ...far, port: farFast, link: bridge },
    ngircd: { ...ngircd, port: bare },
    hybrid: { ...hybrid, port: strict },
    folder,
    async stop() {
      await Promise.all([atheme, inspircd, far, ngircd, hybrid].map((one) => one.stop('SIGKILL')));
      await bridge.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function prepare(folder: string): Promise<void> {
  const { ca, cert, key } = await localCertificates();
  // vigie's own, for services that know it by its fingerprint.
  const own = await generate([{ name: 'commonName', value: 'vigie' }], { keySize: 2048 });
  const files = {
    'ca.pem': ca,
    'cert.pem': cert,
    'key.pem': key,
    'own.pem': own.cert,
    'own.key.pem': own.private,
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  mkdirSync(join(folder, 'atheme'));
}

function athemeArguments(folder: string): string[] {
  return [
    '-n',
    '-c',
    `${folder}/atheme.conf`,
    '-D',
    `${folder}/atheme`,
    '-l',
    `${folder}/atheme.log`,
    '-p',
    `${folder}/atheme.pid`,
  ];
}

function hybridArguments(folder: string): string[] {
  const files = {
    configfile: 'conf',
    klinefile: 'kline',
    dlinefile: 'dline',
    xlinefile: 'xline',
    resvfile: 'resv',
    logfile: 'log',
    pidfile: 'pid',
  };
  return [
    '-foreground',
    ...Object.entries(files).flatMap(([option, end]) => [`-${option}`, `${folder}/hybrid.${end}`]),
  ];
}

/** Two of them look for their modules where they were built to be, and take no word against it: copies say otherwise. */
function movePrograms(root: string, libraries: string, folder: string): void {
  const hybrid = '/usr/lib/ircd-hybrid/modules/';
  symlinkSync(join(root, hybrid), join(folder, 'm'));
  moved(join(root, 'usr/sbin/ircd-hybrid'), join(folder, 'ircd-hybrid'), [
    [hybrid, `${folder}/m/`],
    [`${hybrid}/autoload/`, `${folder}/m/autoload/`],
  ]);
  const atheme = join(libraries, 'atheme');
  symlinkSync(atheme, join(folder, 'a'));
  mkdirSync(join(folder, 'lib'));
  moved(join(libraries, 'libathemecore.so.1'), join(folder, 'lib/libathemecore.so.1'), [
    [atheme.slice(root.length), `${folder}/a`],
    [`${atheme.slice(root.length)}/modules`, `${folder}/a/modules`],
  ]);
}

function moved(from: string, to: string, paths: readonly (readonly [built: string, here: string])[]): void {
  const bytes = readFileSync(from);
  for (const [built, here] of paths) {
    const at = bytes.indexOf(`\0${built}\0`);
    if (at < 0 || here.length > built.length) throw new Error(`${from} is not as Debian 12 has it`);
    bytes.write(here.padEnd(built.length, '\0'), at + 1, 'latin1');
  }
  writeFileSync(to, bytes);
  chmodSync(to, 0o755);
}

/** To the user that the servers run as where we are root. */
function handOver(folder: string): void {
  if (process.getuid?.() !== 0) return;
  const nobody = 65_534;
  for (const path of [
    folder,
    ...readdirSync(folder)
      .filter((name) => !['m', 'a'].includes(name))
      .map((name) => join(folder, name)),
  ])
    chownSync(path, nobody, nobody);
}
