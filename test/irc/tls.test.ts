import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Network, openNetwork } from '../../adapters/irc/network.ts';
import type { Login } from '../../adapters/irc/options.ts';
import { quickPace } from './pace.ts';
import { arrive } from './person.ts';
import { accounts, type IrcServers, onDebian, startIrc } from './servers.ts';

let irc: IrcServers;
let network: Network;
const warnings: string[] = [];

describe.runIf(onDebian)('over TLS', () => {
  beforeAll(async () => {
    irc = await startIrc('inspircd');
  }, 180_000);
  afterEach(() => network?.stop());
  afterAll(() => irc?.stop());

  const pem = (name: string) => readFileSync(join(irc.folder, name), 'utf8');

  interface Wish {
    readonly ca?: string;
    readonly host?: string;
    readonly login?: Login;
    readonly cert?: { readonly cert: string; readonly key: string };
  }

  function open({ ca, host = 'localhost', login, cert }: Wish): void {
    network = openNetwork({
      name: 'test',
      link: {
        host,
        port: irc.inspircd.tls,
        tls: { ca: ca ?? null, cert: cert?.cert ?? null, key: cert?.key ?? null },
      },
      nick: 'vigie',
      serverPassword: null,
      login: login ?? { account: 'vigie', mechanism: 'PLAIN', password: accounts.vigie },
      channels: [{ name: '#ops', key: 'hunter2' }],
      version: 'test',
      pace: quickPace,
      log: (_level, facts, words) => void warnings.push(`${words} ${JSON.stringify(facts)}`),
    });
    network.start();
  }

  const isThere = () => network.connected() && network.identified() && network.isIn('#ops');

  test('a private authority is trusted where it is named, by name and by address', async () => {
    open({ ca: pem('ca.pem') });
    await expect.poll(isThere).toBe(true);
    await network.stop();
    open({ ca: pem('ca.pem'), host: '127.0.0.1' });
    await expect.poll(isThere).toBe(true);
  });

  test('a certificate that nobody vouches for is not taken, and not a byte is said', async () => {
    warnings.length = 0;
    open({});
    await expect.poll(() => warnings.length).toBeGreaterThan(1);
    expect(network.connected()).toBe(false);
    expect(warnings.join('\n')).toMatch(/unable to verify|self.signed/);
  });

  test('a certificate for another name is not taken', async () => {
    warnings.length = 0;
    open({ ca: pem('ca.pem'), host: '127.1' });
    await expect.poll(() => warnings.length).toBeGreaterThan(1);
    expect(network.connected()).toBe(false);
    expect(warnings.join('\n')).toMatch(/does not match/);
  });

  test('services know vigie by its certificate: SASL EXTERNAL', async () => {
    const print = new X509Certificate(pem('own.pem')).fingerprint256.replaceAll(':', '').toLowerCase();
    const owner = await arrive({ port: irc.inspircd.fast, nick: 'vigie', account: 'vigie' });
    owner.say('NickServ', `CERT ADD ${print}`);
    await owner.hears(/Added fingerprint/);
    await owner.quit();
    const cert = { cert: pem('own.pem'), key: pem('own.key.pem') };
    open({ ca: pem('ca.pem'), cert, login: { account: 'vigie', mechanism: 'EXTERNAL' } });
    await expect.poll(isThere).toBe(true);
  });

  test('a certificate that services do not know leaves vigie nobody', async () => {
    const cert = { cert: pem('cert.pem'), key: pem('key.pem') };
    open({ ca: pem('ca.pem'), cert, login: { account: 'vigie', mechanism: 'EXTERNAL' } });
    await expect.poll(() => network.connected()).toBe(true);
    expect(network.identified()).toBe(false);
  });
});
