import type { Entry } from '../clouds/ground.ts';
import { onLab } from '../clouds.ts';
import type { Stage } from '../stories/stage.ts';

/** What the cloud's own journal says against vigie; each list should be empty. */
export interface Broken {
  /** Moments at which more moves of a host waited than had a free place, and one. */
  readonly ahead: readonly string[];
  /** Moments at which members that must be apart were on one host. */
  readonly together: readonly string[];
  /** Moves that began though one of the same server had not ended. */
  readonly overlapping: readonly string[];
}

const waiting = ['accepted', 'queued'];
const sent = ['preparing', 'running', 'post-migrating'];
const over = ['completed', 'confirmed', 'failed', 'error', 'cancelled', 'reverted', 'done'];

/** `apart`: where each member of one anti-affinity group was at first; a host sends `lanes` guests at once. */
export function brokenRules(journal: readonly Entry[], apart: ReadonlyMap<string, string>, lanes = 1): Broken {
  const ahead: string[] = [];
  const together: string[] = [];
  const overlapping: string[] = [];
  const now = new Map<number, { status: string; source: string; server: string; type: string }>();
  const where = new Map(apart);
  for (const { at, migration, server, status, source, dest, type } of journal) {
    const moment = `${at.toISOString()} ${server}`;
    const open = [...now].some(([id, one]) => id !== migration && one.server === server && !over.includes(one.status));
    if (!now.has(migration) && open) overlapping.push(moment);
    now.set(migration, { status, source, server, type });
    const queue = [...now.values()].filter((one) => one.source === source && one.type === 'live-migration');
    if (isCrowded(queue, lanes)) ahead.push(`${moment} on ${source}`);
    if ((status !== 'completed' && status !== 'finished') || dest === null || !where.has(server)) continue;
    where.set(server, dest);
    if (new Set(where.values()).size < where.size) together.push(`${moment} on ${dest}`);
  }
  return { ahead, together, overlapping };
}

/** It has no place yet. */
export function waits(status: string): boolean {
  return waiting.includes(status);
}

/** More of a host's live moves wait than it has places free, and one. */
export function isCrowded(live: readonly { readonly status: string }[], lanes: number): boolean {
  const free = lanes - live.filter(({ status }) => sent.includes(status)).length;
  return live.filter(({ status }) => waits(status)).length > Math.max(0, free) + 1;
}

/** How many guests a host sends at once: one, two or four by the seed; the lab's is set when it is brought up. */
export function lanesOf(own: number): number {
  if (onLab) return Number(process.env['LAB_LANES'] ?? 1);
  return [1, 2, 4][own % 3] ?? 1;
}

/** Two servers that must never share a host, and where they are at first. */
export async function membersApart(
  { cloud }: Stage,
  ...hosts: readonly [string, string]
): Promise<Map<string, string>> {
  const group = await cloud.group('apart', 'anti-affinity');
  const where = new Map<string, string>();
  for (const host of hosts) where.set((await cloud.server(`apart-${host}`, host, { group })).id, host);
  return where;
}
