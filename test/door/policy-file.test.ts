import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { defaultCloud, loadPolicy, mustArchive, personOf, policyOf } from '../../src/policy/policy.ts';
import { PolicyProblem, parsePolicy } from '../../src/policy/policy-file.ts';

const folder = await mkdtemp(join(tmpdir(), 'vigie-policy-'));
afterAll(() => rm(folder, { recursive: true }));

function problems(text: string, known = {}): readonly string[] {
  try {
    parsePolicy(text, 'policy.yaml', known);
    return [];
  } catch (error) {
    if (error instanceof PolicyProblem) return error.problems;
    throw error;
  }
}

test('the example file is a policy', async () => {
  const policy = await loadPolicy('policy.example.yaml');
  expect(personOf(policy, 'irc:Libera/BOB')?.human).toBe('bob');
  expect(personOf(policy, 'console:Bob')).toBeNull();
  expect(personOf(policy, null)).toBeNull();
  expect(policy.breakGlass).toEqual({ roles: ['admin'], announce: ['slack:T024BE7LD/C024BE91L'] });
  expect(policy.lease).toEqual({ hostMs: 7 * 86_400_000, serverMs: 30 * 86_400_000 });
});

test('a cloud whose tokens must be archived is named, or fits a pattern; one that is none of the clouds is told', () => {
  const policy = policyOf(parsePolicy('traceable: prod-*', 'policy.yaml'));
  expect([mustArchive(policy, 'prod-eu'), mustArchive(policy, 'staging')]).toEqual([true, false]);
  expect(mustArchive(policyOf(parsePolicy('', 'policy.yaml')), 'prod-eu')).toBe(false);
  expect(problems('clouds: [prod]\ntraceable: [prodd]')).toEqual([
    'policy.yaml:2: traceable.0: prodd is none of the clouds (prod): did you mean prod?',
  ]);
});

test('a place has one cloud: the same channel written in two ways is told', () => {
  expect(problems('places:\n  irc:libera/#Ops: {cloud: prod}\n  irc:libera/#ops: {cloud: staging}\n')).toEqual([
    'policy.yaml:3: places.irc:libera/#ops: is the place irc:libera/#Ops, which is there already',
  ]);
  const policy = policyOf(parsePolicy('places: {"irc:libera/#Ops": {cloud: prod}}', 'policy.yaml'));
  expect(defaultCloud(policy, 'irc:libera/#OPS')).toBe('prod');
});

test('an empty file is a policy that allows nothing', () => {
  expect(policyOf(parsePolicy('', 'p')).people).toEqual([]);
});

test('the hash is of the content, not of how it is written', async () => {
  const one = join(folder, 'one.yaml');
  const two = join(folder, 'two.yaml');
  await writeFile(one, 'clouds: [a]\npeople: {al: {roles: [reader], accounts: [console:al]}}');
  await writeFile(two, '# the same\npeople:\n  al:\n    accounts: console:al\n    roles: reader\nclouds:\n- a\n');
  expect((await loadPolicy(one)).hash).toBe((await loadPolicy(two)).hash);
  await writeFile(two, 'clouds: [b]');
  expect((await loadPolicy(one)).hash).not.toBe((await loadPolicy(two)).hash);
});

test('a file that is not there is said with what to do', async () => {
  const missing = join(folder, 'no.yaml');
  await expect(loadPolicy(missing)).rejects.toThrow(
    `${missing}: cannot be read (ENOENT); copy policy.example.yaml there and put your people in`,
  );
});

describe('a broken file lists everything that is wrong, with lines', () => {
  test('all at once', () => {
    const text = `people:
  alice:
    accounts: [console:alice, alice@irc]
    roles:
      - reader
      - boss
  Bob: {accounts: [console:bob], roles: [reader]}
rules:
  - allow: [operator]
    comands: [x]
  - allow: everyone
    deny: [reader]
approval:
  - risk: scary
    expires: soon
  - risk: change
colour: red
`;
    expect(problems(text)).toEqual([
      'policy.yaml:3: people.alice.accounts.1: an account is written console:alice, irc:libera/alice or slack:T024BE7LD/U2147483697',
      'policy.yaml:6: people.alice.roles.1: must be reader, operator, approver or admin',
      'policy.yaml:7: people.Bob: a person is written in lower case: alice, bob-k',
      'policy.yaml:10: rules.0.comands: is not known here',
      'policy.yaml:11: rules.1: a rule says either allow or deny, and to whom',
      'policy.yaml:14: approval.0.risk.0: must be read, change, disruptive or destructive',
      'policy.yaml:15: approval.0.expires: a time is written 30m, 4h, 7d or 2w',
      'policy.yaml:16: approval.1: an entry states at least one of votes, roles, places, call, expires, typed',
      'policy.yaml:17: colour: is not known here',
    ]);
  });

  test('what is no YAML at all', () => {
    expect(problems('people:\n  alice: [\nrules: []\n')[0]).toMatch(/^policy\.yaml:\d: /);
    expect(problems('people: {}\npeople: {}\n')).toEqual(['policy.yaml:2: Map keys must be unique']);
  });

  test('contradictions', () => {
    const text = `people:
  alice: {accounts: [console:alice, irc:net/Alice], roles: [operator]}
  bob: {accounts: [irc:net/alice], roles: [approver]}
  everyone: {accounts: [console:e], roles: [reader]}
rules:
  - allow: [operatr, bob]
  - deny: everyone
    commands: ['maintenence*']
    clouds: [stagin, prod-*]
approval:
  - votes: 2
places:
  console:local: {cloud: prdo-eu}
clouds: [prod-eu, staging]
`;
    expect(problems(text, { commands: ['maintenance', 'maintenance off'] })).toEqual([
      'policy.yaml:4: people.everyone: everyone is a word of the policy itself: name the person otherwise',
      'policy.yaml:3: people.bob.accounts.0: irc:net/alice belongs to alice already: one account is one person',
      'policy.yaml:6: rules.0.allow.0: operatr is neither a role, a person nor everyone: did you mean operator?',
      'policy.yaml:9: rules.1.clouds.0: stagin is none of the clouds (prod-eu, staging): did you mean staging?',
      'policy.yaml:13: places.console:local.cloud: prdo-eu is none of the clouds (prod-eu, staging): did you mean prod-eu?',
      'policy.yaml:8: rules.1.commands.0: maintenence* is no command: did you mean maintenance?',
      'policy.yaml:11: approval.0: it asks 2 votes but 1 people are approver',
    ]);
  });
});
