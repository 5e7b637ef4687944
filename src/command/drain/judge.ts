import type { Amounts, Server, ServerGroup, Service } from '../../openstack/cloud.ts';
import type { HostName } from '../../openstack/names.ts';
import type { Hardware } from './hardware.ts';
import { standing, type Verdict } from './standing.ts';
import type { Wish } from './wishes.ts';

/** What was found out about one server before judging it. */
export interface ServerFacts {
  readonly server: Server;
  /** Its project's name, or its id where no name is known. */
  readonly owner: string;
  /** GiB of its volumes together; null where that is not known. */
  readonly volumesGb: number | null;
  /** What protects it, in words, and whether that keeps it where it is. */
  readonly protection: { readonly staysPut: boolean; readonly words: string } | null;
  /** The zone its owner asked for; null: none; undefined: nobody could tell. */
  readonly pinnedZone: string | null | undefined;
  /** Hosts Placement would give it; null where Placement cannot be asked. */
  readonly candidates: readonly HostName[] | null;
  /** What it asks of a host, as far as its flavor tells. */
  readonly needs: Amounts | null;
  readonly hardware: Hardware;
  /** What its owner asks for, or null. */
  readonly wish: Wish | null;
  /** The job that holds it, or null. */
  readonly holder: string | null;
  /** The move of vigie's that it waits in VERIFY_RESIZE for, or null. */
  readonly ours: Ours | null;
}

/** A cold move that a job of vigie's began and could not wait for. */
export interface Ours {
  readonly job: string;
  readonly migration: number;
}

/** The rest of the cloud as far as a move depends on it. */
export interface Surroundings {
  readonly host: HostName;
  /** Other computes that are up and enabled. */
  readonly others: readonly Service[];
  readonly groups: readonly ServerGroup[];
  /** Where the members of those groups are. */
  readonly memberHosts: ReadonlyMap<string, HostName | null>;
  readonly block: 'auto' | boolean;
}

export interface Judged {
  readonly verdict: Verdict;
  readonly weight: number;
  /** What the step is allowed, where there is one. */
  readonly how: 'live' | 'cold' | null;
  /** A running guest is stopped for it: its owner prefers that. */
  readonly interrupts: boolean;
  readonly why: string;
}

/**
 * How hard each verdict is on a guest. A server that passes weighs what will be done to it afterwards, and a stopped
 * one moved cold no more than a running one moved live (nothing that runs is interrupted): neither a reboot nor an
 * owner's stop voids an approval. Whether the approved step may then act is its own decision (`move-rules`).
 */
const weights = { skip: 0, move: 2, block: 3, interrupt: 4, ask: 5, blocked: 9 } as const;

export function judge(facts: ServerFacts, around: Surroundings): Judged {
  const { verdict, why } = standing(facts.server);
  const notes = [why, ...remarks(facts, around)];
  const still = { how: null, interrupts: false } as const;
  if (verdict === 'skip') return { verdict, weight: weights.skip, ...still, why: said(notes) };
  const obstacle = verdict === 'blocked' ? why : obstacleOf(facts, around);
  if (obstacle !== null)
    return {
      verdict: 'blocked',
      weight: weights.blocked,
      ...still,
      why: said([obstacle, ...besides(obstacle, facts, around)]),
    };
  const interrupts = asksForCold(facts);
  if (verdict === 'ask' && facts.ours !== null)
    return {
      verdict: 'cold',
      weight: weights.move,
      how: null,
      interrupts,
      why: said([ownWords(facts.ours), ...notes.slice(1)]),
    };
  if (verdict === 'ask') return { verdict, weight: weights.ask, how: null, interrupts, why: said(notes) };
  if (interrupts) {
    const then = verdict === 'wait' ? verdict : 'cold';
    return { verdict: then, weight: weights.interrupt, how: 'cold', interrupts, why: said(notes) };
  }
  const how = verdict === 'cold' || (verdict === 'wait' && facts.server.status === 'SHUTOFF') ? 'cold' : 'live';
  const weight = around.block === true && how === 'live' ? weights.block : weights.move;
  return { verdict, weight, how, interrupts: false, why: said(notes) };
}

export function ownWords({ job }: Ours): string {
  return `moved by job ${job}, which ended before it could confirm it: is confirmed`;
}

function obstacleOf(facts: ServerFacts, around: Surroundings): string | null {
  const { protection, holder, candidates, pinnedZone } = facts;
  if (protection?.staysPut === true) return protection.words;
  if (holder !== null) return `held by ${holder}`;
  if (pinnedZone && !around.others.some(({ zone }) => zone === pinnedZone))
    return `pinned to zone ${pinnedZone}, where no other host is up and enabled`;
  const conflict = groupConflict(facts.server, around) ?? wishConflict(facts) ?? hardwareConflict(facts);
  if (conflict !== null) return conflict;
  if (candidates === null) return null;
  const free = candidates.filter((host) => around.others.some((other) => other.host === host));
  return free.length > 0 ? null : 'Placement has no room for it on any other host that is up and enabled';
}

/** A hard group rule that the scheduler could not keep; soft ones are the scheduler's to break. */
export function groupConflict({ id }: Server, { host, others, groups, memberHosts }: Surroundings): string | null {
  const group = groups.find(({ members }) => members.includes(id));
  if (group === undefined) return null;
  const fellows = group.members.filter((member) => member !== id).map((member) => memberHosts.get(member) ?? null);
  if (group.policy === 'affinity' && fellows.includes(host)) {
    return `server group ${group.name} (affinity) keeps it beside its fellows on ${host}`;
  }
  if (group.policy !== 'anti-affinity') return null;
  const free = others.some(({ host: other }) => fellows.filter((fellow) => fellow === other).length < group.perHost);
  const full = group.perHost === 1 ? 'a member' : `${group.perHost} members`;
  return free ? null : `server group ${group.name} (anti-affinity) has ${full} on every other host`;
}

/** Whether the hard rules of its group let it be on that host. */
export function groupAllows(
  { id }: Server,
  host: HostName,
  { groups, memberHosts }: Pick<Surroundings, 'groups' | 'memberHosts'>,
): boolean {
  const group = groups.find(({ members }) => members.includes(id));
  const fellows = (group?.members ?? []).flatMap((member) => (member === id ? [] : (memberHosts.get(member) ?? [])));
  if (group?.policy === 'anti-affinity') return fellows.filter((fellow) => fellow === host).length < group.perHost;
  return group?.policy !== 'affinity' || fellows.every((fellow) => fellow === host);
}

/** Nova moves a running guest cold by shutting it down and starting it again: only where its owner asks for that. */
function asksForCold({ server, wish }: ServerFacts): boolean {
  return wish?.binds === true && wish.move === 'cold' && !['SHUTOFF', 'PAUSED'].includes(server.status);
}

/** Which wish that is, the remark says. */
function wishConflict({ server, wish }: ServerFacts): string | null {
  if (wish?.binds !== true) return null;
  if (wish.move === 'never') return 'its owner asks that it is never moved';
  const runs = server.status !== 'SHUTOFF';
  return wish.move === 'stop' && runs ? 'its owner wants it moved only while it is stopped' : null;
}

/** Nova refuses some only while they run: stopped, they are moved cold. */
function hardwareConflict(facts: ServerFacts): string | null {
  const { server, hardware } = facts;
  if (hardware.cold !== null) return hardware.cold;
  if (hardware.refusal === null || server.status === 'SHUTOFF' || asksForCold(facts)) return null;
  return `${hardware.refusal}; stopped by its owner, it moves cold`;
}

function remarks(facts: ServerFacts, { groups }: Surroundings): string[] {
  const { server, protection, pinnedZone, candidates, hardware, wish } = facts;
  const group = groups.find(({ members }) => members.includes(server.id));
  return [
    server.locked === true ? `locked${server.lockedReason === null ? '' : `: ${server.lockedReason}`}` : '',
    protection !== null && !protection.staysPut ? protection.words : '',
    pinnedZone === undefined ? 'pinned zone unknown' : pinnedZone === null ? '' : `pinned to zone ${pinnedZone}`,
    group === undefined ? '' : `group ${group.name} (${group.policy})`,
    ...hardware.facts,
    wish === null ? '' : `${wish.words}${wish.binds ? '' : ' (shown only: the policy does not list its project)'}`,
    candidates === null ? 'room not checked' : '',
  ];
}

/** What the obstacle begins with is not said again. Nothing else is compared: a lock's reason is its owner's own words. */
function besides(obstacle: string, facts: ServerFacts, around: Surroundings): string[] {
  return remarks(facts, around).filter((remark) => !obstacle.replace(/^server (?=group )/, '').startsWith(remark));
}

function said(notes: readonly string[]): string {
  return notes.filter((note) => note !== '').join('; ');
}
