import { z } from 'zod';
import { MoveIntent } from '../command/drain/move-intent.ts';
import { newcomersMigration } from '../command/drain/newcomers.ts';
import { whereaboutsIn } from '../command/drain/whereabouts.ts';
import type { History, PastDrain, PastEdit, PastMove } from '../command/history.ts';
import type { Json } from '../command/outcome.ts';
import type { Rows } from '../mysql/database.ts';
import { hasEnded, jobOf } from './job.ts';
import { type StepRow, stepsOf } from './steps.ts';
import { readJob } from './store.ts';

/** So many drains back: clouds change. */
const remembered = 20;

/** Off which host a step moved something. */
const From = z.union([
  z.object({ from: z.string() }).transform(({ from }) => from),
  z.object({ host: z.string() }).transform(({ host }) => host),
]);
const movers = ['move', 'resized', 'evacuate'];
const Moved = z.object({ how: z.enum(['live', 'cold']), ramMb: z.number(), seconds: z.number() });

export function historyOf(rows: Rows, cloud: string): History {
  return {
    async drains() {
      const jobs = await rows
        .selectFrom('job')
        .selectAll()
        .where('cloud', '=', cloud)
        .where('state', 'in', ['done', 'partial'])
        .where('command', '=', 'maintenance')
        .orderBy('ended_at', 'desc')
        .limit(remembered)
        .execute();
      const drains: PastDrain[] = [];
      for (const row of jobs) {
        const job = jobOf(row);
        const steps = (await stepsOf(rows, job.id)).filter(({ name, state }) => name === 'move' && state === 'done');
        if (steps.length > 0) drains.push({ ...movesOf(steps), ...wholeOf(job) });
      }
      return drains;
    },
    async moved(id) {
      const job = await readJob(rows, id);
      if (job === null || job.cloud !== cloud || !hasEnded(job.state)) return null;
      // Of those who came meanwhile some may have moved and others not.
      const steps = (await stepsOf(rows, id)).filter(
        ({ name, state }) => (movers.includes(name) && state === 'done') || name === 'newcomers',
      );
      const moved = whereaboutsIn(steps);
      const [host] = steps.flatMap(({ input }) => From.safeParse(input).data ?? []);
      return host === undefined || moved.length === 0 ? null : { host, moved };
    },
    async mover(server, migration) {
      const steps = await rows
        .selectFrom('step')
        .innerJoin('job', 'job.id', 'step.job')
        .select(['job.id', 'step.name', 'step.checkpoint'])
        .where('job.cloud', '=', cloud)
        .where(({ or, and, eb }) =>
          or([
            eb('step.step_key', '=', `move:${server}`),
            and([eb('step.name', '=', 'newcomers'), eb('step.checkpoint', 'like', `%${server}%`)]),
          ]),
        )
        .where('step.checkpoint', 'is not', null)
        // One that goes on confirms it itself.
        .where('job.ended_at', 'is not', null)
        .execute();
      return steps.find((step) => madeBy(step, server) === migration)?.id ?? null;
    },
    async edited(id) {
      const job = await readJob(rows, id);
      if (job === null || job.cloud !== cloud || job.command !== 'sql run' || !hasEnded(job.state)) return null;
      const undo = undoOf(await stepsOf(rows, id));
      return undo === undefined ? null : { claims: job.plan?.claims ?? [], undo };
    },
  };
}

/** The migration that a step made of this server. */
function madeBy({ name, checkpoint }: { name: string; checkpoint: string | null }, server: string): number | null {
  const written: Json = JSON.parse(checkpoint ?? 'null');
  return name === 'newcomers'
    ? newcomersMigration(written, server)
    : (MoveIntent.safeParse(written).data?.migration ?? null);
}

const Wrote = z.object({ undo: z.object({ host: z.string(), path: z.string(), sha256: z.string() }) });

/** A step that wrote no intent asked for nothing, one that failed changed nothing: undefined. */
function undoOf(steps: readonly StepRow[]): PastEdit['undo'] | undefined {
  const step = steps.find(
    ({ name, checkpoint, state }) => name === 'edit' && checkpoint !== null && state !== 'failed',
  );
  return step === undefined ? undefined : (Wrote.safeParse(step.output).data?.undo ?? null);
}

function movesOf(steps: readonly StepRow[]): Pick<PastDrain, 'moves' | 'moving'> {
  const moves = steps.flatMap(({ output }): PastMove[] => {
    const moved = Moved.safeParse(output);
    return moved.success ? [moved.data] : [];
  });
  const began = Math.min(...steps.map(({ startedAt }) => startedAt?.getTime() ?? Number.POSITIVE_INFINITY));
  const ended = Math.max(...steps.map(({ endedAt }) => endedAt?.getTime() ?? 0));
  return { moves, moving: Math.max(0, (ended - began) / 1000) };
}

/** Only a drain that went its whole way is held against what was predicted. */
function wholeOf(job: ReturnType<typeof jobOf>): Pick<PastDrain, 'took' | 'predicted'> {
  const took = ((job.ended_at?.getTime() ?? 0) - (job.started_at?.getTime() ?? 0)) / 1000;
  return { took, predicted: job.state === 'done' ? (job.plan?.predicted ?? null) : null };
}
