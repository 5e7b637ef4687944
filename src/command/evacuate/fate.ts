import type { Server, Service } from '../../openstack/cloud.ts';
import type { ServerFacts, Surroundings } from '../drain/judge.ts';
import { groupConflict } from '../drain/judge.ts';

/** What an evacuation does to one server, known beforehand as far as Nova's own checks go. */
export interface Fate {
  readonly verdict: 'disk kept' | 'DISK LOST' | 'blocked';
  /** Losing a disk is as harsh as it gets. */
  readonly weight: number;
  readonly why: string;
}

export interface FateWish {
  /** The cloud's configuration says that hosts share their disks. */
  readonly shared: boolean;
  readonly acceptDataLoss: boolean;
}

const weights = { kept: 4, lost: 8, blocked: 9 } as const;

/** Nova rebuilds only these; a stale task does not hinder it. */
const rebuilt = ['ACTIVE', 'SHUTOFF', 'ERROR', 'REBOOT', 'HARD_REBOOT', 'MIGRATING', 'PASSWORD'];

export function fateOf(facts: ServerFacts, around: Surroundings, { shared, acceptDataLoss }: FateWish): Fate {
  const { server } = facts;
  const hindrance = hindranceOf(facts, around);
  const notes = remarks(facts);
  if (hindrance !== null) return { verdict: 'blocked', weight: weights.blocked, why: said([hindrance, ...notes]) };
  const kept = keptBy(server, shared);
  if (kept !== null) return { verdict: 'disk kept', weight: weights.kept, why: said([kept, ...notes]) };
  const lost = server.bootsFromVolume
    ? 'boots from a volume, but its ephemeral disk is gone'
    : 'rebuilt from its image: what was written to its disk is gone';
  if (acceptDataLoss) return { verdict: 'DISK LOST', weight: weights.lost, why: said([lost, ...notes]) };
  return {
    verdict: 'blocked',
    weight: weights.blocked,
    why: said([`DISK LOST: ${lost}; only with --accept-data-loss`, ...notes]),
  };
}

/** What is not known to be kept counts as lost. */
function keptBy({ bootsFromVolume, flavor: { ephemeralGb } }: Server, shared: boolean): string | null {
  if (shared) return 'disks are shared by the cloud’s configuration';
  return bootsFromVolume && ephemeralGb === 0 ? 'boots from a volume' : null;
}

function hindranceOf(facts: ServerFacts, around: Surroundings): string | null {
  const { server, protection, holder, hardware, pinnedZone, candidates } = facts;
  if (!rebuilt.includes(server.status))
    return `${server.status}: Nova evacuates only ACTIVE, SHUTOFF and ERROR servers`;
  if (protection?.staysPut === true) return protection.words;
  if (holder !== null) return `held by ${holder}`;
  if (hardware.evacuation !== null) return hardware.evacuation;
  if (pinnedZone && !around.others.some(({ zone }: Service) => zone === pinnedZone))
    return `pinned to zone ${pinnedZone}, where no other host is up and enabled`;
  const conflict = groupConflict(server, around);
  if (conflict !== null) return conflict;
  if (candidates === null || candidates.some((host) => around.others.some((other) => other.host === host))) return null;
  return 'Placement has no room for it on any other host that is up and enabled';
}

function remarks({ server, protection, candidates }: ServerFacts): string[] {
  return [
    lock(server),
    protection !== null && !protection.staysPut ? protection.words : '',
    server.status === 'ACTIVE' || server.status === 'SHUTOFF' ? '' : `was ${server.status}`,
    candidates === null ? 'room not checked' : '',
  ];
}

function lock({ locked, lockedReason }: Server): string {
  return locked === true
    ? `locked${lockedReason === null ? '' : `: ${lockedReason}`} (Nova does not look at it here)`
    : '';
}

function said(notes: readonly string[]): string {
  return notes.filter((note) => note !== '').join('; ');
}
