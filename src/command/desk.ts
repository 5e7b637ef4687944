import type { Report } from '../chat/report.ts';
import type { Until } from './args.ts';

/** `max` and `until` bound a line that changes something. */
export interface NewSchedule {
  readonly cron: string;
  readonly zone: string | null;
  readonly line: string;
  readonly max: number | null;
  readonly until: Until | null;
}

/**
 * What control commands may use: rows, never a cloud. Every method answers with a report fit for the person who
 * asked, decides by the same policy as everything else, and audits what it changes.
 */
export interface Desk {
  readonly now: Date;
  /** `words` empty: what this person may do here; else one command or a search by words. */
  help(words: string): Promise<Report>;
  whoami(): Promise<Report>;
  /** Version, host, environment, and how each chat is doing. */
  whoamiBot(): Promise<Report>;
  /** What waits for this person, what runs, what they asked. */
  mine(): Promise<Report>;
  clouds(): Promise<Report>;
  /** Says a bad credential may be tried again. */
  trustCredential(cloud: string): Promise<Report>;
  jobs(filter: { all: boolean }): Promise<Report>;
  job(id: string, what: 'card' | 'log' | 'file', page: number): Promise<Report>;
  more(): Promise<Report>;
  /** Without an id: the only open one in this place. */
  approve(id: string | null, options: { code: string | null; breakGlass: string | null }): Promise<Report>;
  /** Takes the asker's own approval back, as long as the job has not begun. */
  withdraw(id: string | null): Promise<Report>;
  deny(id: string | null, reason: string | null): Promise<Report>;
  cancel(id: string | null, options: { now: boolean }): Promise<Report>;
  answer(id: string, words: readonly string[]): Promise<Report>;
  freeze(cloud: string | null, reason: string): Promise<Report>;
  thaw(cloud: string | null): Promise<Report>;
  audit(words: string): Promise<Report>;
  auditVerify(): Promise<Report>;
  scheduleAdd(schedule: NewSchedule): Promise<Report>;
  scheduleList(): Promise<Report>;
  scheduleRemove(id: string): Promise<Report>;
  schedulePause(id: string, on: boolean): Promise<Report>;
  /** Without an id: all of them. */
  campaignList(id: string | null): Promise<Report>;
  /** Here and below without an id: the only one that is open. */
  campaignPause(id: string | null, reason: string | null): Promise<Report>;
  campaignResume(id: string | null, aside: readonly string[]): Promise<Report>;
  campaignStop(id: string | null): Promise<Report>;
  campaignDone(host: string, id: string | null): Promise<Report>;
}
