import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { UserError } from '../../src/chat/user-error.ts';
import { readIrcConfig } from '../../src/irc-config.ts';
import { policyOf } from '../../src/policy/policy.ts';
import { parsePolicy } from '../../src/policy/policy-file.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vigie-irc-config-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function read(text: string, mode = 0o600) {
  const file = join(folder, 'irc.yaml');
  writeFileSync(file, text);
  chmodSync(file, mode);
  return readIrcConfig(file, folder);
}

function problem(text: string, mode?: number): string {
  try {
    read(text, mode);
  } catch (error) {
    if (error instanceof UserError) return error.message.replaceAll(folder, '');
    throw error;
  }
  throw new Error('it was taken');
}

const network = (lines: string): string => `networks:\n  libera: { host: irc.libera.chat, ${lines} }\n`;

const [networks = '', policy = ''] = [...readFileSync('docs/irc.md', 'utf8').matchAll(/```yaml\n(.*?)```/gs)].map(
  ([, block]) => block ?? '',
);

test('the example and the page about IRC are true', () => {
  expect(read(readFileSync('irc.example.yaml', 'utf8'))).toMatchObject([
    { name: 'libera', port: 6697, nick: 'vigie', channels: [{ name: '#ops' }, { name: '#ops-approve' }] },
  ]);
  expect(read(networks)).toMatchObject([
    { name: 'libera', port: 6697, tls: { ca: null }, account: 'vigie', channels: [{}, { key: 'hunter2' }] },
  ]);
  expect(policyOf(parsePolicy(policy, 'policy.yaml')).people.map(({ human }) => human)).toEqual(['alice', 'bob']);
});

test('a password that others may read is refused, and so is one that would leave in clear text', () => {
  expect(problem(networks, 0o644)).toBe('/irc.yaml holds a password and others may read it: chmod 600 /irc.yaml');
  const clear = problem(network("channels: ['#ops'], account: vigie, password: s3cret, tls: false"));
  expect(clear).toContain('tls: false would send the password for everyone to read');
  expect(clear).not.toContain('s3cret');
});

test.each([
  ["channels: ['ops']", "channels.0.name: a channel is written '#ops'"],
  ["channels: ['#ops'], nick: '9 lives'", 'nick: is no nick'],
  ["channels: ['#ops'], account: vigie", 'password: is missing'],
  ["channels: ['#ops'], account: vigie, sasl: external", 'sasl: external needs tls.cert and tls.key'],
  ["channels: ['#ops'], tls: { cert: a.pem }", 'cert and key belong together'],
  ["channels: ['#ops'], tls: { ca: none.pem }", '/none.pem cannot be read'],
  ["channels: ['#ops'], tls: yes please", 'tls: is true, false or { ca: FILE'],
  ["channels: ['#ops'], pasword: x", '"pasword" is not known here'],
  ['channels: []', 'channels'],
])('%s: one line says what is wrong', (lines, said) => {
  expect(problem(network(lines))).toContain(said);
});
