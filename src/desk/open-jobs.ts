import type { Message } from '../chat/message.ts';
import type { Registry } from '../command/registry.ts';
import type { StandingWish } from '../jobs/standing.ts';
import { insertJob, type NewJob } from '../jobs/store.ts';
import type { Work } from '../mysql/database.ts';

/** A bell to ring after the commit. */
export interface Opened {
  readonly queue: string;
  readonly id: string;
  readonly once: string;
}

interface Asked {
  readonly message: Pick<Message, 'key' | 'place' | 'replyTo'>;
  readonly line: Extract<ReturnType<Registry['interpret']>, { ok: true }>;
  readonly clouds: readonly string[];
  readonly human: string;
  readonly account: string;
  readonly policyHash: string;
  readonly schedule?: string;
  readonly campaign?: string;
  /** Not to be done but to be approved, once for every firing. */
  readonly standing?: StandingWish;
}

/** How long a query over several clouds waits for the slowest. */
const groupMs = 60_000;

/** One job; for a query over several clouds one per cloud, under a parent that has the only card. */
export async function openJobs(rows: Work, asked: Asked): Promise<Opened[]> {
  const first = asked.clouds[0];
  if (first === undefined) throw new Error('a job without a cloud');
  if (asked.clouds.length === 1) {
    const id = await insertJob(rows, jobFor(asked, first));
    return [bell(first, id)];
  }
  const parent = await insertJob(rows, { ...jobFor(asked, ''), kind: 'group', state: 'running', untilMs: groupMs });
  const children: Opened[] = [];
  for (const cloud of asked.clouds) {
    const id = await insertJob(rows, { ...jobFor(asked, cloud), parent });
    children.push(bell(cloud, id));
  }
  return children;
}

function bell(cloud: string, id: string): Opened {
  return { queue: `ask-${cloud}`, id, once: `${id}-0` };
}

function jobFor(
  { message, line, human, account, policyHash, schedule, campaign, standing }: Asked,
  cloud: string,
): NewJob {
  return {
    state: 'planning',
    kind: line.command.kind === 'change' ? 'change' : 'query',
    command: line.name,
    line: line.line,
    cloud,
    human,
    account,
    place: message.place,
    messageKey: message.key,
    replyTo: message.replyTo ?? null,
    policyHash,
    ...(schedule === undefined ? {} : { schedule }),
    ...(campaign === undefined ? {} : { campaign }),
    ...(standing === undefined ? {} : { standing }),
  };
}
