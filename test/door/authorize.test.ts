import { describe, expect, test } from 'vitest';
import { authorize } from '../../src/policy/authorize.ts';
import type { CommandFacts } from '../../src/policy/patterns.ts';
import { defaultCloud, personOf, policyOf } from '../../src/policy/policy.ts';
import { parsePolicy } from '../../src/policy/policy-file.ts';

const drain: CommandFacts = { name: 'maintenance', role: 'operator', risk: 'disruptive', kind: 'change' };
const hosts: CommandFacts = { name: 'hosts', role: 'reader', risk: 'read', kind: 'query' };
const cancel: CommandFacts = { name: 'cancel', role: 'reader', risk: 'change', kind: 'control' };

const people = `people:
  root: {accounts: [console:root], roles: [admin]}
  olga: {accounts: [console:olga, slack:T1/O], roles: [operator]}
  rita: {accounts: [console:rita], roles: [reader]}
  alan: {accounts: [console:alan], roles: [approver]}
`;

function verdict(
  rules: string,
  account: string | null,
  command: CommandFacts,
  at: { cloud?: string | null; place?: string } = {},
): string {
  const policy = policyOf(parsePolicy(`${people}${rules}`, 'policy.yaml'));
  const { cloud = 'prod', place = 'console:x' } = at;
  const decision = authorize(policy, { account, place, command, cloud });
  return decision.verdict === 'allow' ? `allow ${decision.person.human}` : decision.because;
}

test('without rules nothing is allowed', () => {
  expect(verdict('', 'console:root', hosts)).toBe('no rule of the policy lets root say hosts on prod here; ask root');
});

describe('who speaks', () => {
  const rules = 'rules: [{allow: everyone}]';

  test('a person is known by any account', () => {
    expect(verdict(rules, 'slack:T1/O', drain)).toBe('allow olga');
  });

  test('a rule never gives a command above somebody’s role', () => {
    expect(verdict(rules, 'console:rita', drain)).toBe(
      'maintenance needs the role operator; rita has reader; ask root',
    );
    expect(verdict(rules, 'console:alan', drain)).toBe(
      'maintenance needs the role operator; alan has approver; ask root',
    );
    expect(verdict(rules, 'console:alan', hosts)).toBe('allow alan');
    expect(verdict(rules, 'console:root', drain)).toBe('allow root');
  });

  test('an account of nobody, and no account, hear what is missing', () => {
    expect(verdict(rules, 'console:olg', hosts)).toBe(
      'the policy gives the account console:olg to nobody: ask root to add it',
    );
    expect(verdict(rules, null, hosts)).toBe(
      'this chat vouches for no account of yours: log in there (IRC: identify to services) and say it again',
    );
  });

  test('anyone may read where the policy says so, and only read', () => {
    const open = 'anyone: {roles: [reader], places: [irc:n/#open]}\nrules: [{allow: everyone}]';
    expect(verdict(open, null, hosts, { place: 'irc:n/#open' })).toBe('allow anyone');
    expect(verdict(open, 'irc:n/eve', hosts, { place: 'irc:n/#open' })).toBe('allow irc:n/eve');
    expect(verdict(open, null, hosts)).toMatch(/^this chat vouches/);
    expect(verdict(open, 'irc:n/eve', cancel, { place: 'irc:n/#open' })).toMatch(/to nobody/);
  });
});

describe('rules', () => {
  test('the first that matches decides', () => {
    const rules = `rules:
  - {deny: [olga], commands: [maint*], clouds: [prod*]}
  - {allow: [operator]}`;
    expect(verdict(rules, 'console:olga', drain)).toBe(
      'rule 1 of the policy denies olga maintenance on prod; ask root',
    );
    expect(verdict(rules, 'console:olga', drain, { cloud: 'staging' })).toBe('allow olga');
    expect(verdict(rules, 'console:root', drain)).toBe('allow root');
    expect(verdict(rules, 'console:rita', hosts)).toMatch(/^no rule/);
  });

  test('match by role and risk of the command, by place and person', () => {
    const rules = `rules:
  - {allow: everyone, commands: ['role:reader']}
  - {allow: [olga], commands: ['risk:disruptive'], places: [slack:T1/C]}`;
    expect(verdict(rules, 'console:rita', hosts)).toBe('allow rita');
    expect(verdict(rules, 'console:olga', drain, { place: 'slack:T1/C' })).toBe('allow olga');
    expect(verdict(rules, 'console:olga', drain)).toMatch(/^no rule/);
    expect(verdict(rules, 'console:root', drain, { place: 'slack:T1/C' })).toMatch(/^no rule/);
  });

  test('a rule about clouds says nothing of lines that reach none', () => {
    expect(verdict('rules: [{allow: everyone, clouds: ["*"]}]', 'console:olga', cancel, { cloud: null })).toBe(
      'no rule of the policy lets olga say cancel here; ask root',
    );
  });

  test('the policy’s own word on a risk counts', () => {
    const rules = `rules: [{allow: everyone, commands: ['risk:destructive']}]
risk: [{commands: [maintenance], clouds: [prod], is: destructive}]`;
    expect(verdict(rules, 'console:olga', drain)).toBe('allow olga');
    expect(verdict(rules, 'console:olga', drain, { cloud: 'staging' })).toMatch(/^no rule/);
  });
});

describe('an IRC channel in the policy', () => {
  const place = (id: string) => verdict(`rules: [{allow: everyone, places: ['${id}']}]`, 'console:rita', hosts, at);
  let at: { place: string };

  test('is the same whatever its letters, and so are accounts', () => {
    at = { place: 'irc:libera/#ops' };
    expect(place('irc:libera/#Ops')).toBe('allow rita');
    expect(place('irc:oftc/#ops')).toContain('no rule');
    const policy = policyOf(
      parsePolicy(
        `people: {foo: {accounts: ['irc:libera/Foo[bar]'], roles: [reader]}}
places: {'irc:libera/#OPS': {cloud: prod}}
operations: 'irc:libera/#Ops'`,
        'policy.yaml',
      ),
    );
    expect(personOf(policy, 'irc:libera/foo[bar]')?.human).toBe('foo');
    expect(personOf(policy, 'irc:libera/foo{bar}')).toBeNull();
    expect(defaultCloud(policy, 'irc:libera/#ops')).toBe('prod');
    expect(defaultCloud(policy, 'irc:libera/@#ops')).toBe('prod');
    expect(policy.operations).toBe('irc:libera/#ops');
  });

  test('covers what is said to some of it alone, and not the other way round', () => {
    at = { place: 'irc:libera/@#ops' };
    expect(place('irc:libera/#ops')).toBe('allow rita');
    expect(place('irc:libera/@#ops')).toBe('allow rita');
    expect(place('irc:libera/+#ops')).toContain('no rule');
    const denied = `rules: [{deny: everyone, places: ['irc:libera/#ops']}, {allow: everyone}]`;
    expect(verdict(denied, 'console:rita', hosts, at)).toContain('rule 1 of the policy denies');
    at = { place: 'irc:libera/#ops' };
    expect(place('irc:libera/@#ops')).toContain('no rule');
  });

  test('where anyone may read is found the same way', () => {
    const anyone = `anyone: {roles: [reader], places: ['irc:libera/#Ops']}\nrules: [{allow: everyone}]`;
    expect(verdict(anyone, null, hosts, { place: 'irc:libera/@#ops' })).toBe('allow anyone');
  });
});
