import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { policyOf, riskOf } from '../../src/policy/policy.ts';
import { PolicyFile, parsePolicy } from '../../src/policy/policy-file.ts';
import { approvalFor, mayVote, standingApproval, tally, type Vote } from '../../src/policy/votes.ts';

function policy(text: string) {
  return policyOf(parsePolicy(text, 'policy.yaml'));
}

const people = `people:
  ann: {accounts: [console:ann, slack:T1/A], roles: [operator, approver]}
  bob: {accounts: [console:bob], roles: [approver]}
  cy: {accounts: [console:cy], roles: [admin]}
rules: [{allow: everyone}]
`;

describe('what a plan needs', () => {
  const at = { cloud: 'prod-eu', command: 'maintenance', size: 5 } as const;

  test('without a word of the policy', () => {
    const plain = policy(people);
    const votes = (risk: 'read' | 'change' | 'disruptive' | 'destructive', size = 5) =>
      approvalFor(plain, { ...at, risk, size }).votes;
    expect([
      votes('read'),
      votes('change'),
      votes('disruptive'),
      votes('destructive'),
      votes('destructive', 11),
    ]).toEqual([0, 0, 1, 1, 2]);
    expect(approvalFor(plain, { ...at, risk: 'disruptive' })).toEqual({
      votes: 1,
      roles: ['approver'],
      places: [],
      call: [],
      expiresMs: 3_600_000,
    });
  });

  test('each part comes from the first entry that matches and states it', () => {
    const stated = policy(`${people}
approval:
  - {risk: disruptive, larger_than: 10, votes: 2}
  - {clouds: [prod-*], places: [slack:T1/C], call: [slack:T1/S], expires: 30m}
  - {commands: [maintenance*], votes: 1, roles: [admin], places: [slack:T1/D]}
`);
    expect(approvalFor(stated, { ...at, risk: 'disruptive', size: 11 })).toEqual({
      votes: 2,
      roles: ['admin'],
      places: ['slack:T1/C'],
      call: ['slack:T1/S'],
      expiresMs: 1_800_000,
    });
    expect(approvalFor(stated, { ...at, cloud: 'lab', risk: 'disruptive' })).toMatchObject({
      votes: 1,
      places: ['slack:T1/D'],
    });
    expect(approvalFor(stated, { ...at, command: 'protect', risk: 'change' })).toMatchObject({
      votes: 0,
      roles: ['approver'],
    });
  });

  test('a standing approval asks two and waits a day', () => {
    expect(standingApproval(policy(people), { ...at, risk: 'change' })).toMatchObject({
      votes: 2,
      expiresMs: 86_400_000,
    });
  });

  test('the policy may call a command riskier or milder', () => {
    const stated = policy(`risk: [{commands: [protect], clouds: [prod-*], is: disruptive}]`);
    expect(riskOf(stated, { name: 'protect', risk: 'change', cloud: 'prod-eu' })).toBe('disruptive');
    expect(riskOf(stated, { name: 'protect', risk: 'change', cloud: 'lab' })).toBe('change');
  });
});

describe('who may vote', () => {
  const ballot = { asker: 'ann', cloud: 'prod', command: 'maintenance', risk: 'disruptive' } as const;

  function said(text: string, account: string | null): string {
    const decision = mayVote(policy(text), { ...ballot, account });
    return decision.verdict === 'allow' ? `allow ${decision.person.human}` : decision.because;
  }

  test.each([
    ['console:bob', 'allow bob'],
    ['console:ann', 'ann asked for this: somebody else must approve it'],
    ['slack:T1/A', 'ann asked for this: somebody else must approve it'],
    ['console:cy', 'voting on this needs the role approver; cy has admin; ask cy'],
    ['console:eve', 'the policy gives the account console:eve to nobody: ask cy to add it'],
    [null, 'this chat vouches for no account of yours: log in there (IRC: identify to services) and say it again'],
  ])('%s: %s', (account, answer) => expect(said(people, account)).toBe(answer));

  test('an open policy lets nobody vote who is nobody', () => {
    expect(said(`${people}anyone: {roles: [reader]}`, 'console:eve')).toMatch(/to nobody/);
  });

  test('the rules decide about `approve` on the plan’s cloud', () => {
    const rules = people.replace(
      '[{allow: everyone}]',
      '[{deny: [bob], commands: [approve], clouds: [prod]}, {allow: everyone}]',
    );
    expect(said(rules, 'console:bob')).toBe('rule 1 of the policy denies bob approve on prod; ask cy');
  });
});

describe('the count', () => {
  const vote = (human: string, choice: 'yes' | 'no'): Vote => ({ human, choice, at: new Date(0) });

  test('each human counts once, one no denies', () => {
    expect(tally([], 1)).toBe('open');
    expect(tally([], 0)).toBe('approved');
    expect(tally([vote('bob', 'yes'), vote('bob', 'yes')], 2)).toBe('open');
    expect(tally([vote('bob', 'yes'), vote('cy', 'yes')], 2)).toBe('approved');
    expect(tally([vote('bob', 'yes'), vote('cy', 'yes'), vote('ann', 'no')], 2)).toBe('denied');
  });
});

const role = fc.constantFrom('reader', 'operator', 'approver', 'admin');
const humans = ['ann', 'bob', 'cy'] as const;
const cloud = fc.constantFrom('prod', 'lab');
const risk = fc.constantFrom('read', 'change', 'disruptive', 'destructive');
const file = fc.record({
  people: fc
    .tuple(...humans.map(() => fc.uniqueArray(role, { minLength: 1 })))
    .map((all) =>
      Object.fromEntries(
        humans.map((human, index) => [
          human,
          { roles: all[index], accounts: [`console:${human}`, `irc:net/${human}`] },
        ]),
      ),
    ),
  anyone: fc.option(fc.constant({ roles: ['reader'] }), { nil: undefined }),
  rules: fc.array(
    fc.record({
      allow: fc.constantFrom(['everyone'], ['approver'], ['bob']),
      clouds: fc.option(fc.constant(['prod']), { nil: undefined }),
      commands: fc.constant(['*']),
    }),
  ),
  approval: fc.array(
    fc.record({
      risk: fc.constant(['disruptive', 'destructive']),
      votes: fc.nat(3),
      roles: fc.uniqueArray(role, { minLength: 1 }),
    }),
  ),
});
const accounts = [
  ...humans.flatMap((human) => [`console:${human}`, `irc:net/${human}`, `irc:NET/${human.toUpperCase()}`]),
  'console:eve',
  'irc:net/ann_',
  null,
];

test('for no policy and no votes does the asker or a stranger count; one no denies', () => {
  const votes = fc.array(fc.record({ account: fc.constantFrom(...accounts), choice: fc.constantFrom('yes', 'no') }), {
    maxLength: 8,
  });
  fc.assert(
    fc.property(file, votes, fc.constantFrom(...humans), cloud, risk, (made, said, asker, onCloud, ofRisk) => {
      const judged = policyOf(PolicyFile.parse(JSON.parse(JSON.stringify(made))));
      const question = { asker, cloud: onCloud, command: 'maintenance', risk: ofRisk, size: 1 };
      const counted = said.flatMap(({ account, choice }): Vote[] => {
        const decision = mayVote(judged, { ...question, account });
        return decision.verdict === 'allow' ? [{ human: decision.person.human, choice, at: new Date(0) }] : [];
      });
      const { votes: needed, roles } = approvalFor(judged, question);
      for (const { human } of counted) {
        expect(human).not.toBe(asker);
        expect(humans).toContain(human);
      }
      const result = tally(counted, needed);
      if (result === 'approved') expect(new Set(counted.map(({ human }) => human)).size).toBeGreaterThanOrEqual(needed);
      expect(result === 'denied').toBe(counted.some(({ choice }) => choice === 'no'));
      expect(roles.length).toBeGreaterThan(0);
    }),
    { numRuns: 500 },
  );
});
