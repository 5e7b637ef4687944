import { z } from 'zod';
import { databaseProblem } from './operator-errors.ts';
import type { OperatorPool } from './operator-pool.ts';

/** From here on readers of the replica feel it: pt-archiver and gh-ost stop at about the same. */
const mostSeconds = 3;

export interface Lag {
  /** Null where the replica keeps up. */
  readonly trouble: string | null;
  /** It will not pass by itself: the account, the DSN or the list has to be mended. */
  readonly lasting: boolean;
}

/** A replica that has stopped, or cannot be asked, counts as lagging: nobody knows how far it is. */
export async function lagOf(replica: OperatorPool): Promise<Lag> {
  try {
    const status = await statusOf(replica);
    if (status === null)
      return { trouble: `${replica.label} is no replica: its replica status is empty`, lasting: true };
    return { trouble: lagWords(replica.label, secondsBehind(status)), lasting: false };
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

type ReplicaStatus = z.output<typeof ReplicaStatus>;

/** Null where it is no replica. MySQL 8.4 knows only the new words, MariaDB before 10.5 and MySQL 5.7 only the old. */
async function statusOf(replica: OperatorPool): Promise<ReplicaStatus | null> {
  const ask = (sql: string): Promise<ReplicaStatus[]> => replica.read(ReplicaStatus, { sql });
  const [row] = await ask('SHOW REPLICA STATUS').catch((error: unknown) => {
    if (databaseProblem(error) !== 'syntax') throw error;
    return ask('SHOW SLAVE STATUS');
  });
  return row ?? null;
}

/** Null where it has stopped. */
function secondsBehind({ Seconds_Behind_Source: source, Seconds_Behind_Master: master }: ReplicaStatus): number | null {
  return source ?? master ?? null;
}
