import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { idKey, placesAround } from '../chat/ids.ts';
import { canonical } from '../command/canonical.ts';
import type { Risk, Role } from '../command/command.ts';
import type { Json } from '../command/outcome.ts';
import type { Known } from './contradictions.ts';
import { matchesAny, matchesCloud } from './patterns.ts';
import { type PolicyFile, PolicyProblem, parsePolicy } from './policy-file.ts';

/** One human, known on each chat by an account. */
export interface Person {
  readonly human: string;
  readonly roles: readonly Role[];
  readonly accounts: readonly string[];
}

export interface Policy {
  /** Over the canonical content: a bot and a worker with the same hash decide the same. */
  readonly hash: string;
  readonly file: PolicyFile;
  readonly people: readonly Person[];
  readonly byAccount: ReadonlyMap<string, Person>;
  /** Names that did-you-mean may offer; empty where the policy lists none. */
  readonly clouds: readonly string[];
  /** Where notices go that could not be delivered. */
  readonly operations: string | null;
  readonly breakGlass: { readonly roles: readonly Role[]; readonly announce: readonly string[] } | null;
  /** How long a host stays disabled or a server protected where nobody said until when; null is for ever. */
  readonly lease: { readonly hostMs: number | null; readonly serverMs: number | null };
}

/** Throws `PolicyProblem` that lists everything that is wrong. */
export async function loadPolicy(path: string, known: Known = {}): Promise<Policy> {
  return policyOf(parsePolicy(await read(path), path, known));
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unreadable';
    throw new PolicyProblem([
      `${path}: cannot be read (${code}); copy policy.example.yaml there and put your people in`,
    ]);
  }
}

export function policyOf(file: PolicyFile): Policy {
  const people = Object.entries(file.people).map(([human, { roles, accounts }]) => ({ human, roles, accounts }));
  const byAccount = people.flatMap((person) => person.accounts.map((account) => [idKey(account), person] as const));
  return {
    // The file is what zod made of YAML: plain JSON without undefined values that matter.
    hash: createHash('sha256')
      .update(canonical(file as Json))
      .digest('hex'),
    file,
    people,
    byAccount: new Map(byAccount),
    clouds: file.clouds ?? [],
    operations: file.operations ?? null,
    breakGlass: file.break_glass ?? null,
    lease: { hostMs: file.lease.host ?? null, serverMs: file.lease.server ?? null },
  };
}

/** By name or id, as the policy lists projects. */
export function heedsWishes(
  policy: Policy,
  cloud: string,
  { id, name }: { readonly id: string; readonly name: string | null },
): boolean {
  return policy.file.wishes.some(
    ({ projects, clouds }) =>
      matchesCloud(clouds, cloud) && (matchesAny(projects, id) || (name !== null && matchesAny(projects, name))),
  );
}

/** Null for an account that the policy gives to nobody, and where the chat vouches for none. */
export function personOf(policy: Policy, account: string | null): Person | null {
  return account === null ? null : (policy.byAccount.get(idKey(account)) ?? null);
}

const includes: Readonly<Record<Role, readonly Role[]>> = {
  reader: ['reader'],
  operator: ['operator', 'reader'],
  approver: ['approver', 'reader'],
  admin: ['admin', 'operator', 'reader'],
};

/** reader < operator < admin; approver stands beside them and includes reader. An admin approves only if also approver. */
export function holds(person: Person, role: Role): boolean {
  return person.roles.some((held) => includes[held].includes(role));
}

/** The cloud that a line said in this place means without `--cloud`; null where the policy names none. */
export function defaultCloud(policy: Policy, place: string): string | null {
  return placesAround(place).flatMap((id) => policy.file.places[id]?.cloud ?? [])[0] ?? null;
}

/** The policy's own word on a command's risk, or the command's. A plan may raise it afterwards. */
export function riskOf(
  policy: Policy,
  { name, risk, cloud }: { name: string; risk: Risk; cloud: string | null },
): Risk {
  const override = policy.file.risk.find(
    ({ commands, clouds }) => matchesAny(commands, name) && matchesCloud(clouds, cloud),
  );
  return override?.is ?? risk;
}

/** Whether tokens of this cloud may be purged only after they were archived. */
export function mustArchive({ file }: Policy, cloud: string): boolean {
  return file.traceable !== undefined && matchesAny(file.traceable, cloud);
}

/** Who can change what somebody may do: up to three admins by name. */
export function whomToAsk(policy: Policy): string {
  const admins = policy.people.filter(({ roles }) => roles.includes('admin')).map(({ human }) => human);
  return admins.length === 0 ? 'whoever keeps the policy file' : admins.slice(0, 3).join(' or ');
}
