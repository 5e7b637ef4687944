import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { readClouds } from '../../src/openstack/clouds.ts';
import { connectCloud } from '../../src/openstack/connect.ts';
import { OpenStackError } from '../../src/openstack/errors.ts';
import { catalog, openGate, token } from './fake-cloud.ts';

interface Pair {
  readonly cert: string;
  readonly key: string;
}

let folder: string;
let authority: Pair;
let stranger: Pair;
const open: { close(): Promise<void> }[] = [];
let server: Server | null = null;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vigie-tls-'));
  authority = await selfSigned('our own CA');
  stranger = await selfSigned('another CA');
  const client = await signed('vigie', authority);
  save({ ca: authority.cert, stranger: stranger.cert, cert: client.cert, key: client.key, otherKey: stranger.key });
});
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(async () => {
  for (const cloud of open.splice(0)) await cloud.close();
  hangUp();
});

test('a cloud of a private CA is trusted by cacert', async () => {
  await listen();
  expect(await login({ cacert: file('ca') })).toBe('vigie');
});

test('verify: false and insecure: true trust anyone, also against a cacert', async () => {
  await listen();
  expect(await login({ verify: false })).toBe('vigie');
  expect(await login({ insecure: true })).toBe('vigie');
  expect(await login({ verify: false, cacert: file('stranger') })).toBe('vigie');
});

test('a certificate of nobody we trust is one sentence that names cacert', async () => {
  await listen();
  for (const entry of [{}, { cacert: file('stranger') }]) {
    const said = await problem(entry);
    expect(said).toContain(
      'prod: POST identity /v3/auth/tokens got no answer: its certificate is from an authority this machine does not trust: set cacert in clouds.yaml',
    );
  }
});

test('a client certificate is shown where the cloud asks for one', async () => {
  await listen({ requestCert: true, ca: authority.cert, rejectUnauthorized: true });
  expect(await login({ cacert: file('ca'), cert: file('cert'), key: file('key') })).toBe('vigie');
});

test('a cloud that asks for a client certificate and gets none is one sentence that names cert and key', async () => {
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3']) {
    await listen({ requestCert: true, ca: authority.cert, rejectUnauthorized: true, maxVersion });
    expect(await problem({ cacert: file('ca') })).toContain('set cert and key in clouds.yaml');
    hangUp();
  }
});

test('a certificate for another name is said so', async () => {
  await listen({}, await signed('elsewhere.example.net', authority, []));
  expect(await problem({ cacert: file('ca') })).toContain('its certificate is for another name');
});

test('a certificate that has ended is said so', async () => {
  await listen({}, await signed('cloud', authority, undefined, new Date(Date.now() - 1000)));
  expect(await problem({ cacert: file('ca') })).toContain('its certificate has expired');
});

test('a key that is not that of the certificate, and a file that is no certificate, are said so', async () => {
  await listen();
  const said = 'cacert, cert and key in clouds.yaml must be PEM files, and cert and key belong together';
  expect(await problem({ cacert: file('ca'), cert: file('cert'), key: file('otherKey') })).toContain(said);
  save({ nonsense: 'hello' });
  expect(await problem({ cacert: file('ca'), cert: file('nonsense'), key: file('key') })).toContain(said);
});

async function selfSigned(name: string): Promise<Pair> {
  const extensions = [
    { name: 'basicConstraints' as const, cA: true, critical: true },
    { name: 'keyUsage' as const, keyCertSign: true, digitalSignature: true },
  ];
  return pair(
    await generate([{ name: 'commonName', value: name }], { keyType: 'ec', algorithm: 'sha256', extensions }),
  );
}

const here = [{ type: 7 as const, ip: '127.0.0.1' }];

async function signed(name: string, { cert, key }: Pair, addresses = here, until?: Date): Promise<Pair> {
  const altNames = [{ type: 2 as const, value: name }, ...addresses];
  const extensions = [{ name: 'subjectAltName' as const, altNames }];
  const dates = until === undefined ? {} : { notBeforeDate: new Date(0), notAfterDate: until };
  const options = { keyType: 'ec' as const, algorithm: 'sha256', ca: { cert, key }, extensions, ...dates };
  return pair(await generate([{ name: 'commonName', value: name }], options));
}

function pair({ cert, private: key }: { cert: string; private: string }): Pair {
  return { cert, key };
}

function save(files: Readonly<Record<string, string>>): void {
  for (const [name, content] of Object.entries(files)) writeFileSync(file(name), content);
}

function file(name: string): string {
  return join(folder, `${name}.pem`);
}

/** A Keystone behind TLS, and nothing else. */
async function listen(options: object = {}, own?: Pair): Promise<void> {
  const shown = own ?? (await signed('cloud', authority));
  server = createServer({ ...shown, ...options }, (_request, response) => {
    response.writeHead(201, { 'content-type': 'application/json', 'x-subject-token': 'gAAAA-token' });
    response.end(JSON.stringify({ token: { ...token(), catalog: catalog(address()) } }));
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
}

function hangUp(): void {
  server?.closeAllConnections();
  server?.close();
}

function address(): string {
  const bound = server?.address();
  if (bound === null || typeof bound !== 'object') throw new Error('it does not listen');
  return `https://127.0.0.1:${bound.port}`;
}

/** Who we are, by an entry of clouds.yaml as an operator writes it. */
async function login(tls: object): Promise<string> {
  const auth = { auth_url: `${address()}/v3`, username: 'vigie', password: 'hunter2', project_name: 'admin' };
  const domains = { user_domain_name: 'Default', project_domain_name: 'Default' };
  const entry = { auth: { ...auth, ...domains }, region_name: 'east', ...tls };
  writeFileSync(join(folder, 'clouds.yaml'), JSON.stringify({ clouds: { prod: entry } }));
  const config = readClouds({
    cloudsFile: join(folder, 'clouds.yaml'),
    secureFile: null,
    only: null,
    cwd: folder,
    home: folder,
  }).get('prod');
  if (config === undefined) throw new Error('no prod');
  const log = { debug: () => undefined, warn: () => undefined };
  // Nothing here touches the operators' databases.
  const parts = { databases: {} as never, gate: openGate, log, now: () => new Date(), sleep: async () => undefined };
  const cloud = connectCloud({ name: 'prod', config, ...parts });
  open.push(cloud);
  return (await cloud.ownToken()).id === 'gAAAA-token' ? 'vigie' : 'nobody';
}

async function problem(tls: object): Promise<string> {
  const error: unknown = await login(tls).catch((caught: unknown) => caught);
  if (!(error instanceof OpenStackError)) throw new Error(`it logged in, or broke otherwise: ${String(error)}`);
  expect(error.message).not.toMatch(/\n|error:0|at .*:\d+|hunter2|routines/);
  expect(error.problem).toBe('unavailable');
  return error.message;
}
