import type { Message } from '../chat/message.ts';
import type { Desk, NewSchedule } from '../command/desk.ts';
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
  return new OneDesk(sitting);
}

/** A class, for one is made for each message: some thirty closures took 15 µs of the 470 of an answer to `whoami`. */
class OneDesk implements Desk {
  readonly now: Date;
  readonly #sitting: Sitting;

  constructor(sitting: Sitting) {
    this.now = sitting.message.at;
    this.#sitting = sitting;
  }

  help(words: string) {
    return helpFor(this.#sitting, words);
  }

  whoami() {
    return whoamiFor(this.#sitting);
  }

  async whoamiBot() {
    return whoamiBot(this.#sitting);
  }

  mine() {
    return showMine(this.#sitting);
  }

  clouds() {
    return listClouds(this.#sitting);
  }

  trustCredential(cloud: string) {
    return trustCredential(this.#sitting, cloud);
  }

  jobs({ all }: { all: boolean }) {
    return listJobs(this.#sitting, all);
  }

  job(id: string, what: 'card' | 'log' | 'file', page: number) {
    return what === 'file' ? showFile(this.#sitting, id, page) : showJob(this.#sitting, id, what);
  }

  more() {
    return showMore(this.#sitting);
  }

  approve(id: string | null, how: { code: string | null; breakGlass: string | null }) {
    return approveJob(this.#sitting, id, how);
  }

  withdraw(id: string | null) {
    return withdrawVote(this.#sitting, id);
  }

  deny(id: string | null, reason: string | null) {
    return denyJob(this.#sitting, id, reason);
  }

  cancel(id: string | null, { now }: { now: boolean }) {
    return cancelJob(this.#sitting, id, now);
  }

  answer(id: string, words: readonly string[]) {
    return answerQuestion(this.#sitting, id, words);
  }

  freeze(cloud: string | null, reason: string) {
    return freeze(this.#sitting, cloud, reason);
  }

  thaw(cloud: string | null) {
    return thaw(this.#sitting, cloud);
  }

  audit(words: string) {
    return findAudit(this.#sitting, words);
  }

  auditVerify() {
    return verify(this.#sitting);
  }

  scheduleAdd(schedule: NewSchedule) {
    return addSchedule(this.#sitting, schedule);
  }

  scheduleList() {
    return listSchedules(this.#sitting);
  }

  scheduleRemove(id: string) {
    return removeSchedule(this.#sitting, id);
  }

  schedulePause(id: string, on: boolean) {
    return pauseSchedule(this.#sitting, id, on);
  }

  campaignList(id: string | null) {
    return listCampaigns(this.#sitting, id);
  }

  campaignPause(id: string | null, reason: string | null) {
    return pauseCampaign(this.#sitting, id, reason);
  }

  campaignResume(id: string | null, aside: readonly string[]) {
    return resumeCampaign(this.#sitting, id, aside);
  }

  campaignStop(id: string | null) {
    return stopCampaign(this.#sitting, id);
  }

  campaignDone(host: string, id: string | null) {
    return doneInCampaign(this.#sitting, host, id);
  }
}
