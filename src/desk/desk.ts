import type { Message } from '../chat/message.ts';
import type { Desk } from '../command/desk.ts';
import type { Registry } from '../command/registry.ts';
import type { Database, Rows, Work } from '../mysql/database.ts';
import type { Entry } from '../policy/audit.ts';
import type { Policy } from '../policy/policy.ts';
import { answerQuestion } from './answers.ts';
import { findAudit, verify } from './audits.ts';
import { doneInCampaign, pauseCampaign, resumeCampaign, stopCampaign } from './campaign-changes.ts';
import { cancelJob } from './cancels.ts';
import { freeze, thaw } from './freezing.ts';
import { helpFor, whoamiBot, whoamiFor } from './helping.ts';
import { listCampaigns } from './listing-campaigns.ts';
import { listClouds, trustCredential } from './listing-clouds.ts';
import { listJobs, showFile, showJob, showMore } from './listing-jobs.ts';
import { showMine } from './mine.ts';
import type { Opened } from './open-jobs.ts';
import { pauseSchedule, removeSchedule } from './schedule-changes.ts';
import { addSchedule, listSchedules } from './scheduling.ts';
import { approveJob, denyJob } from './voting.ts';
import { withdrawVote } from './withdrawing.ts';

export interface DeskParts {
  readonly database: Database;
  readonly registry: Registry;
  readonly prefix: string;
  readonly version: string;
  /** `production`, `staging`: what this installation is called. */
  readonly environment?: string;
  policy(): Policy;
  chats?(): readonly ChatState[];
}

/** How a chat is doing; what is wrong may name addresses and channels. */
export interface ChatState {
  readonly connection: string;
  readonly connected: boolean;
  readonly problem: string | null;
  /** What was said there can be changed. */
  readonly edits: boolean;
}

/** One person's turn at the desk. `rows` is the message's own transaction: what is done here is done with the answer, or not at all. */
export interface Sitting extends DeskParts {
  readonly rows: Work | Rows;
  readonly message: Message;
  /** Bells to ring after the commit. */
  readonly rings: Opened[];
  /** What was done, for the audit at the end of the transaction. */
  readonly entries: Entry[];
}

export function deskOf(sitting: Sitting): Desk {
  return {
    now: sitting.message.at,
    help: (words) => helpFor(sitting, words),
    whoami: () => whoamiFor(sitting),
    whoamiBot: async () => whoamiBot(sitting),
    mine: () => showMine(sitting),
    clouds: () => listClouds(sitting),
    trustCredential: (cloud) => trustCredential(sitting, cloud),
    jobs: ({ all }) => listJobs(sitting, all),
    job: (id, what, page) => (what === 'file' ? showFile(sitting, id, page) : showJob(sitting, id, what)),
    more: () => showMore(sitting),
    approve: (id, how) => approveJob(sitting, id, how),
    withdraw: (id) => withdrawVote(sitting, id),
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
    campaignList: (id) => listCampaigns(sitting, id),
    campaignPause: (id, reason) => pauseCampaign(sitting, id, reason),
    campaignResume: (id, aside) => resumeCampaign(sitting, id, aside),
    campaignStop: (id) => stopCampaign(sitting, id),
    campaignDone: (host, id) => doneInCampaign(sitting, host, id),
  };
}
