import { readFileSync, statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { UserError } from './chat/user-error.ts';
import { humanError } from './command/wording.ts';

const name = z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'a network is written in small letters: libera, oftc-eu');
const Nick = z.string().regex(/^[A-Za-z[\]\\`_^{|}][A-Za-z0-9[\]\\`_^{|}-]{0,29}$/, 'is no nick');
const ChannelName = z.string().regex(/^[#&][^\s,:\p{Cc}]{1,59}$/u, "a channel is written '#ops'");
const Secret = z.string().regex(/^[^\s\p{Cc}]+$/u, 'has no spaces');
/** `'#ops'` means `{ name: '#ops' }`. */
const Channel = z.preprocess(
  (value) => (typeof value === 'string' ? { name: value } : value),
  z.strictObject({ name: ChannelName, key: Secret.nullable().default(null) }),
);
const Pem = z.string().nullable().default(null);
/** `true` means `{}`, and null is none. */
const Tls = z.preprocess(
  (value) => (typeof value === 'boolean' ? (value ? {} : null) : value),
  z.strictObject({ ca: Pem, cert: Pem, key: Pem }, 'is true, false or { ca: FILE, cert: FILE, key: FILE }').nullable(),
);

const Network = z
  .strictObject({
    host: z.string().regex(/^[^\s\p{Cc}/]+$/u, 'is the name or address of a server'),
    port: z.number().int().min(1).max(65_535).default(6697),
    tls: Tls.default({ ca: null, cert: null, key: null }),
    nick: Nick.default('vigie'),
    account: Secret.nullable().default(null),
    sasl: z.enum(['plain', 'external']).default('plain'),
    password: Secret.nullable().default(null),
    server_password: Secret.nullable().default(null),
    channels: z.array(Channel).min(1),
    colours: z.boolean().default(false),
  })
  .check(({ value, issues }) => {
    const wrong = (path: string, message: string) =>
      issues.push({ code: 'custom', input: value, path: [path], message });
    const { account, sasl, password, tls, host } = value;
    if (account !== null && sasl === 'plain' && password === null)
      wrong('password', 'is missing: services ask for it (or write sasl: external, with tls.cert and tls.key)');
    if (account !== null && sasl === 'external' && (tls?.cert ?? null) === null)
      wrong('tls', 'sasl: external needs tls.cert and tls.key');
    if (((tls?.cert ?? null) === null) !== ((tls?.key ?? null) === null)) wrong('tls', 'cert and key belong together');
    if (tls === null && !isLoopback(host) && (password !== null || value.server_password !== null))
      wrong('tls', 'false would send the password for everyone to read');
  });

const File = z.strictObject({ networks: z.record(name, Network) });

/** One network of IRC, as its operator wishes it. Certificates are their PEM text. */
export interface IrcNetwork extends z.output<typeof Network> {
  readonly name: string;
}

/** Reads irc.yaml; every problem at once, and none of its values. Paths in it are relative to the file's folder. */
export function readIrcConfig(path: string, folder: string): IrcNetwork[] {
  const text = contentOf(path);
  const document = parseDocument(text, { prettyErrors: true });
  const [broken] = document.errors;
  if (broken !== undefined) throw new UserError(`${path} cannot be read: ${broken.message.split('\n')[0]}`);
  const file = File.safeParse(document.toJS(), { error: humanError });
  if (!file.success) {
    const lines = file.error.issues.map(({ path: keys, message }) => `${keys.join('.')}: ${message}`);
    throw new UserError(`${path} is not right:\n${lines.join('\n')}`);
  }
  const networks = Object.entries(file.data.networks).map(([key, network]) => ({ ...network, name: key }));
  if (networks.some(({ password, server_password: server }) => password !== null || server !== null)) keptSecret(path);
  return networks.map((network) => ({ ...network, tls: network.tls === null ? null : pems(network.tls, folder) }));
}

function contentOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw new UserError(`${path} cannot be read: mend IRC_FILE, or the file's rights`);
  }
}

function keptSecret(path: string): void {
  if ((statSync(path).mode & 0o077) !== 0)
    throw new UserError(`${path} holds a password and others may read it: chmod 600 ${path}`);
}

function pems(tls: NonNullable<IrcNetwork['tls']>, folder: string): NonNullable<IrcNetwork['tls']> {
  const read = (file: string | null) =>
    file === null ? null : contentOf(isAbsolute(file) ? file : join(folder, file));
  return { ca: read(tls.ca), cert: read(tls.cert), key: read(tls.key) };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\./.test(host);
}
