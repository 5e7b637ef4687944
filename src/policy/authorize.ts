import { placesAround } from '../chat/ids.ts';
import { type CommandFacts, matchesCloud, matchesCommand } from './patterns.ts';
import { holds, type Person, type Policy, personOf, riskOf, whomToAsk } from './policy.ts';
import type { PolicyFile } from './policy-file.ts';

export type Decision =
  | { readonly verdict: 'allow'; readonly person: Person }
  | { readonly verdict: 'refuse'; readonly because: string };

export interface Request {
  readonly account: string | null;
  /** Where there is none: what the chat says about it. */
  readonly why?: string | undefined;
  /** The place's id; null where the line was checked in its place already (votes counted again later). */
  readonly place: string | null;
  readonly command: CommandFacts;
  readonly cloud: string | null;
}

/** May this account say this command here? Everything that is not allowed is refused, in one line that says what is missing. */
export function authorize(policy: Policy, request: Request): Decision {
  const person = personOf(policy, request.account) ?? guest(policy, request);
  if (person === null) return refused(stranger(policy, request.account, request.why));
  const { name, role } = request.command;
  if (!holds(person, role)) {
    return refused(
      `${name} needs the role ${role}; ${person.human} has ${person.roles.join(', ')}; ask ${whomToAsk(policy)}`,
    );
  }
  return byRules(policy, person, request);
}

export function refused(because: string): Decision {
  return { verdict: 'refuse', because };
}

/** Somebody without a mapped account may read where the policy says so, and nothing else. */
function guest(policy: Policy, { account, place, command }: Request): Person | null {
  const { anyone } = policy.file;
  const reads = command.kind !== 'change' && command.risk === 'read';
  if (anyone === undefined || !reads || place === null) return null;
  if (anyone.places !== undefined && !isAmong(anyone.places, place)) return null;
  return { human: account ?? 'anyone', roles: anyone.roles, accounts: account === null ? [] : [account] };
}

export function stranger(policy: Policy, account: string | null, why?: string): string {
  if (account === null)
    return (
      why ?? 'this chat vouches for no account of yours: log in there (IRC: identify to services) and say it again'
    );
  return `the policy gives the account ${account} to nobody: ask ${whomToAsk(policy)} to add it`;
}

type Rule = PolicyFile['rules'][number];

/** The first rule that matches decides. */
function byRules(policy: Policy, person: Person, request: Request): Decision {
  const index = policy.file.rules.findIndex((rule) => applies(policy, rule, person, request));
  const rule = policy.file.rules[index];
  if (rule?.allow !== undefined) return { verdict: 'allow', person };
  const what = `${request.command.name}${request.cloud === null ? '' : ` on ${request.cloud}`}`;
  if (rule === undefined)
    return refused(`no rule of the policy lets ${person.human} say ${what} here; ask ${whomToAsk(policy)}`);
  return refused(`rule ${index + 1} of the policy denies ${person.human} ${what}; ask ${whomToAsk(policy)}`);
}

function applies(policy: Policy, rule: Rule, person: Person, { place, command, cloud }: Request): boolean {
  const judged = { ...command, risk: riskOf(policy, { ...command, cloud }) };
  return (
    names(rule.allow ?? rule.deny ?? [], person) &&
    matchesCommand(rule.commands, judged) &&
    matchesCloud(rule.clouds, cloud) &&
    stands(rule, place)
  );
}

function names(who: readonly string[], person: Person): boolean {
  return who.some((name) => name === 'everyone' || name === person.human || isHeld(name, person));
}

function isHeld(name: string, person: Person): boolean {
  return (name === 'reader' || name === 'operator' || name === 'approver' || name === 'admin') && holds(person, name);
}

function stands(rule: Rule, place: string | null): boolean {
  if (rule.places === undefined) return true;
  return place === null ? rule.allow !== undefined : isAmong(rule.places, place);
}

function isAmong(places: readonly string[], place: string): boolean {
  return placesAround(place).some((id) => places.includes(id));
}
