import type { Message } from '../chat/message.ts';
import type { Desk } from '../command/desk.ts';
import type { Registry } from '../command/registry.ts';
import type { Database, Rows, Work } from '../mysql/database.ts';
import type { Policy } from '../policy/policy.ts';
import { answerQuestion } from './answers.ts';
import { findAudit, verify } from './audits.ts';
import { cancelJob } from './cancels.ts';
import { freeze, thaw } from './freezing.ts';
import { helpFor, whoamiFor } from './helping.ts';
import { listClouds, trustCredential } from './listing-clouds.ts';
import { listJobs, showFile, showJob, showMore } from './listing-jobs.ts';
import type { Opened } from './open-jobs.ts';
import { pauseSchedule, removeSchedule } from './schedule-changes.ts';
import { addSchedule, listSchedules } from './scheduling.ts';
import { approveJob, denyJob } from './voting.ts';

export interface DeskParts {
  readonly database: Database;
  readonly registry: Registry;
  readonly prefix: string;
  readonly version: string;
  policy(): Policy;
}

/** One person's turn at the desk. `rows` is the message's own transaction: what is done here is done with the answer, or not at all. */
export interface Sitting extends DeskParts {
  readonly rows: Work | Rows;
  readonly message: Message;
  /** Bells to ring after the commit. */
  readonly rings: Opened[];
}

export function deskOf(sitting: Sitting): Desk {
  return {
    now: sitting.message.at,
    help: (words) => helpFor(sitting, words),
    whoami: () => whoamiFor(sitting),
    clouds: () => listClouds(sitting),
    trustCredential: (cloud) => trustCredential(sitting, cloud),
    jobs: ({ all }) => listJobs(sitting, all),
    job: (id, what, page) => (what === 'file' ? showFile(sitting, id, page) : showJob(sitting, id, what)),
    more: () => showMore(sitting),
    approve: (id, { breakGlass }) => approveJob(sitting, id, breakGlass),
    deny: (id, reason) => denyJob(sitting, id, reason),
    cancel: (id, { now }) => cancelJob(sitting, id, now),
    answer: (id, words) => answerQuestion(sitting, id, words),
    freeze: (cloud, reason) => freeze(sitting, cloud, reason),
    thaw: (cloud) => thaw(sitting, cloud),
    audit: (words) => findAudit(sitting, words),
    auditVerify: () => verify(sitting),
    scheduleAdd: (schedule) => addSchedule(sitting, schedule),
    scheduleList: () => listSchedules(sitting),
    scheduleRemove: (id) => removeSchedule(sitting, id),
    schedulePause: (id, on) => pauseSchedule(sitting, id, on),
  };
}
