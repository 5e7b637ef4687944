import { z } from 'zod';
import { databaseProblem } from './operator-errors.ts';
import type { OperatorPool } from './operator-pool.ts';

/** From here on readers of the replica feel it: pt-archiver and gh-ost stop at about the same. */
const mostSeconds = 3;

export interface Lag {
  /** Null where the replica keeps up. */
  readonly trouble: string | null;
  /** It will not pass by itself: the account or the DSN has to be mended. */
  readonly lasting: boolean;
}

/** A replica that has stopped, or cannot be asked, counts as lagging: nobody knows how far it is. */
export async function lagOf(replica: OperatorPool): Promise<Lag> {
  try {
    const trouble = lagWords(replica.label, await secondsBehind(replica));
    return { trouble, lasting: false };
  } catch (error) {
    const problem = databaseProblem(error);
    if (problem === null || !(error instanceof Error)) throw error;
    const words =
      problem === 'denied'
        ? `${error.message} (SLAVE MONITOR, or REPLICATION CLIENT on MySQL and old MariaDB)`
        : error.message;
    return { trouble: words, lasting: problem !== 'unreachable' && problem !== 'busy' && problem !== 'timeout' };
  }
}

function lagWords(label: string, lag: number | null): string | null {
  if (lag === null) return `${label} does not replicate`;
  return lag > mostSeconds ? `${label} is ${lag} s behind` : null;
}

const Seconds = z.number().nullish();
const ReplicaStatus = z.object({ Seconds_Behind_Source: Seconds, Seconds_Behind_Master: Seconds });

/** Null where it does not replicate. MySQL 8.4 knows only the new words, MariaDB before 10.5 and MySQL 5.7 only the old. */
async function secondsBehind(replica: OperatorPool): Promise<number | null> {
  const ask = (sql: string): Promise<z.output<typeof ReplicaStatus>[]> => replica.read(ReplicaStatus, { sql });
  const [row] = await ask('SHOW REPLICA STATUS').catch((error: unknown) => {
    if (databaseProblem(error) !== 'syntax') throw error;
    return ask('SHOW SLAVE STATUS');
  });
  return row?.Seconds_Behind_Source ?? row?.Seconds_Behind_Master ?? null;
}
