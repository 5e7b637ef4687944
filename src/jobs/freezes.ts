import type { Rows, Work } from '../mysql/database.ts';

export interface Freeze {
  readonly cloud: string;
  readonly human: string;
  readonly reason: string;
  readonly at: Date;
}

/** The freeze that holds a cloud's changing steps back; null when none does. */
export async function isFrozen(rows: Rows | Work, cloud: string): Promise<Freeze | null> {
  return holding(await freezesOf(rows, [cloud]), cloud);
}

/** All that hold any of these clouds back. */
export async function freezesOf(rows: Rows | Work, clouds: readonly string[]): Promise<Freeze[]> {
  if (clouds.length === 0) return [];
  return rows
    .selectFrom('freeze')
    .selectAll()
    .where('cloud', 'in', [...clouds, everyCloud])
    .execute();
}

/** Its own, or everybody's. */
export function holding(freezes: readonly Freeze[], cloud: string): Freeze | null {
  return freezes.find((freeze) => freeze.cloud === cloud || freeze.cloud === everyCloud) ?? null;
}

const everyCloud = '*';
