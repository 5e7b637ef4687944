import type { Risk, Role } from '../command/command.ts';
import { authorize, type Decision, refused, stranger } from './authorize.ts';
import { type CommandFacts, matchesAny, matchesCloud } from './patterns.ts';
import { holds, type Policy, personOf, whomToAsk } from './policy.ts';

/** What a plan needs before it runs. Plain JSON: it is stored with the job. */
export interface Approval {
  readonly votes: number;
  /** Any of these lets a person vote. */
  readonly roles: Role[];
  /** Where the card stands besides the asking place. */
  readonly places: string[];
  /** Whom to call, each with its chat: `slack:T1/S0ONCALL`, `irc:libera/alice`. */
  readonly call: string[];
  readonly expiresMs: number;
  /** A yes is typed, with the code that stands on the card: no button and no mark will do. */
  readonly typed?: true;
}

interface Question {
  readonly cloud: string | null;
  /** The command's name: `maintenance off`. */
  readonly command: string;
  /** Of the plan: the command's (see `riskOf`), or what the plan raised it to. */
  readonly risk: Risk;
  readonly size: number;
}

const hour = 3_600_000;
/** A destructive plan that touches more than this needs two where the policy says nothing. */
const large = 10;

/** Each of votes, roles, places, call, expires, typed comes from the first entry that matches and states it. */
export function approvalFor(policy: Policy, question: Question): Approval {
  const entries = policy.file.approval.filter((entry) => {
    const { risk, commands, clouds, larger_than: largerThan = Number.NEGATIVE_INFINITY } = entry;
    return (
      (risk === undefined || risk.includes(question.risk)) &&
      (commands === undefined || matchesAny(commands, question.command)) &&
      matchesCloud(clouds, question.cloud) &&
      question.size > largerThan
    );
  });
  return {
    votes: first(entries, 'votes') ?? defaultVotes(question),
    roles: first(entries, 'roles') ?? ['approver'],
    places: first(entries, 'places') ?? [],
    call: first(entries, 'call') ?? [],
    expiresMs: first(entries, 'expires') ?? hour,
    ...(first(entries, 'typed') === true ? { typed: true as const } : {}),
  };
}

/** What a schedule or campaign of changing lines needs: given once, so it asks more and waits longer. */
export function standingApproval(policy: Policy, question: Question): Approval {
  const { votes = 2, roles, expires = 24 * hour } = policy.file.standing;
  const once = approvalFor(policy, question);
  return { ...once, votes: Math.max(votes, once.votes), roles: roles ?? once.roles, expiresMs: expires };
}

function first<E, K extends keyof E>(entries: readonly E[], key: K): E[K] | undefined {
  return entries.find((entry) => entry[key] !== undefined)?.[key];
}

function defaultVotes({ risk, size }: Question): number {
  switch (risk) {
    case 'read':
    case 'change':
      return 0;
    case 'disruptive':
      return 1;
    case 'destructive':
      return size > large ? 2 : 1;
  }
}

export interface Ballot {
  readonly account: string | null;
  /** The human who asked first. */
  readonly asker: string;
  readonly cloud: string | null;
  readonly command: string;
  readonly risk: Risk;
  /** Of the plan; without it the largest is assumed. */
  readonly size?: number;
  /** It is to hold for every firing of a schedule. */
  readonly standing?: boolean;
  /** Where the vote was said; without it the place was checked before. */
  readonly place?: string;
}

/** The rules see every vote as this command, said on the plan's cloud. */
export const voting: CommandFacts = { name: 'approve', role: 'reader', risk: 'change', kind: 'control' };

/** Never the one who asked under any account, never an account that is nobody's, only by role and rules. */
export function mayVote(policy: Policy, ballot: Ballot): Decision {
  const person = personOf(policy, ballot.account);
  if (person === null) return refused(stranger(policy, ballot.account));
  if (person.human === ballot.asker) return refused(`${person.human} asked for this: somebody else must approve it`);
  const asked = ballot.standing === true ? standingApproval : approvalFor;
  const { roles } = asked(policy, { ...ballot, size: ballot.size ?? Number.POSITIVE_INFINITY });
  if (!roles.some((role) => holds(person, role))) {
    return refused(
      `voting on this needs the role ${roles.join(' or ')}; ${person.human} has ${person.roles.join(', ')}; ask ${whomToAsk(policy)}`,
    );
  }
  return authorize(policy, {
    account: ballot.account,
    place: ballot.place ?? null,
    command: voting,
    cloud: ballot.cloud,
  });
}

/** One person alone, in an emergency: by the policy's roles for it, and by its rules for this cloud like any vote. */
export function mayBreakGlass(policy: Policy, account: string | null, cloud: string | null, place?: string): Decision {
  const person = personOf(policy, account);
  if (person === null) return refused(stranger(policy, account));
  if (!person.roles.some((role) => policy.breakGlass?.roles.includes(role)))
    return refused('the policy lets you not break the glass: have another person approve');
  return authorize(policy, { account, place: place ?? null, command: voting, cloud });
}

export interface Vote {
  readonly human: string;
  readonly choice: 'yes' | 'no';
  readonly at: Date;
}

/** One no denies, whatever else was said; each human counts once. Withdrawn votes are left out by the caller. */
export function tally(votes: readonly Vote[], needed: number): 'open' | 'approved' | 'denied' {
  if (votes.some(({ choice }) => choice === 'no')) return 'denied';
  return new Set(votes.map(({ human }) => human)).size >= needed ? 'approved' : 'open';
}
