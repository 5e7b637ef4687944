import { idKey } from '../chat/ids.ts';
import { didYouMean } from '../command/suggest.ts';
import { matchesAny } from './patterns.ts';
import type { PolicyFile } from './policy-file.ts';

/** What only the program knows, to find words of the policy that mean nothing. */
export interface Known {
  readonly commands?: readonly string[];
}

export interface Contradiction {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

const roles = ['reader', 'operator', 'approver', 'admin'];
const reserved = [...roles, 'everyone', 'anyone'];

/** What is well written but cannot be meant: a person nobody knows, an account of two people, a cloud that is not. */
export function contradictions(file: PolicyFile, known: Known): Contradiction[] {
  return [
    ...people(file),
    ...sharedAccounts(file),
    ...who(file),
    ...clouds(file),
    ...commands(file, known),
    ...votes(file),
  ];
}

function people({ people }: PolicyFile): Contradiction[] {
  const clash = Object.keys(people).filter((human) => reserved.includes(human));
  return clash.map((human) => ({
    path: ['people', human],
    message: `${human} is a word of the policy itself: name the person otherwise`,
  }));
}

function sharedAccounts({ people }: PolicyFile): Contradiction[] {
  const owners = new Map<string, string>();
  const found: Contradiction[] = [];
  for (const [human, { accounts }] of Object.entries(people)) {
    for (const [index, account] of accounts.entries()) {
      const owner = owners.get(idKey(account));
      const path = ['people', human, 'accounts', index];
      if (owner !== undefined)
        found.push({ path, message: `${account} belongs to ${owner} already: one account is one person` });
      owners.set(idKey(account), owner ?? human);
    }
  }
  return found;
}

function who({ people, rules }: PolicyFile): Contradiction[] {
  const names = [...roles, 'everyone', ...Object.keys(people)];
  return rules.flatMap((rule, index) => {
    const verdict = rule.allow === undefined ? 'deny' : 'allow';
    return (rule[verdict] ?? []).flatMap((name, at) => {
      if (names.includes(name)) return [];
      return [
        {
          path: ['rules', index, verdict, at],
          message: `${name} is neither a role, a person nor everyone${didYouMean(name, names)}`,
        },
      ];
    });
  });
}

function clouds(file: PolicyFile): Contradiction[] {
  const known = file.clouds;
  if (known === undefined) return [];
  const lists = [...listed(file, 'rules'), ...listed(file, 'approval'), ...listed(file, 'risk')];
  const named = lists.flatMap(({ path, entry }) =>
    (entry.clouds ?? []).map((pattern, at) => ({ path: [...path, 'clouds', at], pattern })),
  );
  const defaults = Object.entries(file.places).map(([place, { cloud }]) => ({
    path: ['places', place, 'cloud'],
    pattern: cloud,
  }));
  const traceable = (file.traceable ?? []).map((pattern, at) => ({ path: ['traceable', at], pattern }));
  return [...named, ...defaults, ...traceable]
    .filter(({ pattern }) => !known.some((cloud) => matchesAny([pattern], cloud)))
    .map(({ path, pattern }) => ({
      path,
      message: `${pattern} is none of the clouds (${known.join(', ')})${didYouMean(pattern, known)}`,
    }));
}

/** A misspelt command in a deny rule would deny nothing. */
function commands(file: PolicyFile, { commands: known }: Known): Contradiction[] {
  if (known === undefined) return [];
  const lists = [...listed(file, 'rules'), ...listed(file, 'approval'), ...listed(file, 'risk')];
  return lists
    .flatMap(({ path, entry }) =>
      (entry.commands ?? []).map((pattern, at) => ({ path: [...path, 'commands', at], pattern })),
    )
    .filter(({ pattern }) => !pattern.includes(':') && !known.some((name) => matchesAny([pattern], name)))
    .map(({ path, pattern }) => ({ path, message: `${pattern} is no command${didYouMean(pattern, known)}` }));
}

function votes({ people, approval }: PolicyFile): Contradiction[] {
  return approval.flatMap(({ votes = 0, roles: approving = ['approver'] }, index) => {
    const able = Object.values(people).filter((person) => person.roles.some((role) => approving.includes(role))).length;
    if (able >= votes) return [];
    return [
      { path: ['approval', index], message: `it asks ${votes} votes but ${able} people are ${approving.join(' or ')}` },
    ];
  });
}

interface Scoped {
  readonly commands?: readonly string[] | undefined;
  readonly clouds?: readonly string[] | undefined;
}

function listed(file: PolicyFile, key: 'rules' | 'approval' | 'risk'): { path: PropertyKey[]; entry: Scoped }[] {
  return file[key].map((entry, index) => ({ path: [key, index], entry }));
}
