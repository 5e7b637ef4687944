import type { Rows, Work } from '../mysql/database.ts';

export interface Freeze {
  readonly cloud: string;
  readonly human: string;
  readonly reason: string;
  readonly at: Date;
}

/** The freeze that holds a cloud's changing steps back, its own or everybody's (`*`); null when none does. */
export async function isFrozen(rows: Rows | Work, cloud: string): Promise<Freeze | null> {
  const found = await rows.selectFrom('freeze').selectAll().where('cloud', 'in', [cloud, '*']).executeTakeFirst();
  return found ?? null;
}
