import { z } from 'zod';
import type { Stage } from '../stories/stage.ts';

/** What Nova says happened, set against what vigie wrote down before it asked. Everything but `moves` should be empty. */
export interface Account {
  readonly moves: number;
  /** Servers that completed more than one move off a host. */
  readonly twice: readonly string[];
  /** Servers still on a drained host. */
  readonly forgotten: readonly string[];
  /** Migrations without an intent that was written before them, or that the step does not know as its own. */
  readonly unwritten: readonly string[];
  /** Servers with more move requests in Nova's instance actions than migrations: something asked twice. */
  readonly askedTwice: readonly string[];
}

/** Written before the request left: what was there before. */
const Intent = z.object({ seen: z.object({ migration: z.number().nullable() }), migration: z.number().nullable() });
/** Written at the end: which migration it was. */
const Output = z.object({ migration: z.number() });

export async function accountOf(
  { cloud, story }: Stage,
  drains: readonly { readonly host: string; readonly job: string }[],
): Promise<Account> {
  const account = { moves: 0, twice: [] as string[], forgotten: [] as string[], unwritten: [] as string[] };
  const servers = new Map<string, number>();
  for (const { host, job } of drains) {
    const steps = await story.database.rows
      .selectFrom('step')
      .select(['step_key', 'checkpoint', 'output'])
      .where('job', '=', job)
      .where('step_key', 'like', 'move:%')
      .execute();
    account.forgotten.push(...(await cloud.on(host)).map(({ name }) => `${name} on ${host}`));
    for (const { step_key: key, checkpoint, output } of steps) {
      const id = key.slice('move:'.length);
      const migrations = (await cloud.migrations(id)).filter(({ source }) => source === host);
      const completed = migrations.filter(({ status }) => status === 'completed' || status === 'confirmed');
      const intent = Intent.safeParse(JSON.parse(checkpoint ?? 'null')).data;
      const own = Output.safeParse(JSON.parse(output ?? 'null')).data?.migration ?? intent?.migration;
      account.moves += completed.length;
      servers.set(id, (servers.get(id) ?? 0) + migrations.length);
      if (completed.length > 1) account.twice.push(`${id}: ${completed.map((one) => one.id).join(', ')}`);
      const unknown = migrations.filter((one) => one.id !== own || one.id <= (intent?.seen.migration ?? 0));
      account.unwritten.push(...unknown.map((one) => `${id}: migration ${one.id} ${one.status}, ours is ${own}`));
    }
  }
  const askedTwice: string[] = [];
  for (const [id, moves] of servers) {
    const asked = (await cloud.actions(id)).filter((action) => action === 'live-migration' || action === 'migrate');
    if (asked.length > moves) askedTwice.push(`${id}: ${asked.length} requests, ${moves} migrations`);
  }
  return { ...account, askedTwice };
}
