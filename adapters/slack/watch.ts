import { setTimeout as sleep } from 'node:timers/promises';
import { missingScopes } from './needs.ts';
import type { Log } from './options.ts';
import { isRevoked, type Web } from './web.ts';

export interface WatchOptions {
  readonly web: Web;
  readonly team: string;
  readonly log: Log;
}

/** Whether Slack still knows vigie by its token, and as whom. */
export interface Watch {
  /** vigie's own user id; empty until Slack has said it. */
  self(): string;
  /** Resolves once Slack knows vigie; until then it is asked again and again. */
  readonly known: Promise<void>;
  /** The token is good, or nothing else is known. */
  good(): boolean;
  problem(): string | null;
  /** Slack held events back in this minute. */
  heldBack(at: Date): void;
  /** A call came back with such an error: looked at at once. */
  doubt(error: unknown): void;
  close(): void;
}

/** So long it is told of. */
const heldBackMs = 3_600_000;
const lookMs = 60_000;
const worriedMs = 5000;

export function openWatch({ web, team, log }: WatchOptions): Watch {
  const stop = new AbortController();
  let self = '';
  let trouble: string | null = 'Slack has not answered yet';
  const allowance = openAllowance(log);
  const deafness = openDeafness(team, log);
  let wake = new AbortController();
  let introduced: () => void = () => undefined;
  const known = new Promise<void>((resolve) => {
    introduced = resolve;
  });

  async function look(): Promise<void> {
    try {
      const { user, scopes } = await introduction(web, team);
      allowance.granted(scopes);
      self = user;
      if (trouble !== null) log('info', { team, user: self }, 'Slack knows vigie');
      trouble = null;
      introduced();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      // Away is not revoked: what is said then is tried again by itself.
      if (self !== '' && !isRevoked(error)) return;
      if (trouble !== why) log('error', { team, why }, 'Slack does not take the bot token; it is tried for ever');
      trouble = why;
    }
  }

  async function forever(): Promise<void> {
    while (!stop.signal.aborted) {
      await look();
      wake = new AbortController();
      await pause(trouble === null ? lookMs : worriedMs, [stop.signal, wake.signal]);
    }
  }
  void forever();
  return {
    self: () => self,
    known,
    good: () => trouble === null,
    problem: () => trouble ?? allowance.problem() ?? deafness.problem(),
    heldBack: deafness.heldBack,
    doubt: (error) => {
      if (isRevoked(error) && trouble === null) wake.abort();
    },
    close: () => stop.abort(),
  };
}

async function introduction(web: Web, team: string): Promise<{ user: string; scopes: readonly string[] | undefined }> {
  const { team_id: of, user_id: user, response_metadata: more } = await web.ask('auth.test', {});
  if (of !== team) throw new Error(`the bot token is of the workspace ${String(of)}, not ${team}: mend SLACK_TEAM`);
  return { user: String(user), scopes: more?.scopes };
}

async function pause(ms: number, until: AbortSignal[]): Promise<void> {
  await sleep(ms, undefined, { signal: AbortSignal.any(until), ref: false }).catch(() => undefined);
}

/** Which scopes the app lacks: each change is logged once. */
function openAllowance(log: Log) {
  let missing: string[] = [];
  return {
    granted(scopes: readonly string[] | undefined): void {
      const found = scopes === undefined ? [] : missingScopes(scopes);
      if (found.length > 0 && found.join() !== missing.join())
        log('error', { missing: found }, 'the Slack app lacks scopes: add them and install it again');
      missing = found;
    },
    problem: () => (missing.length === 0 ? null : `the Slack app lacks the scopes ${missing.join(', ')}`),
  };
}

/** What Slack did not tell. */
function openDeafness(team: string, log: Log) {
  let held = { at: '', until: 0 };
  return {
    heldBack(at: Date): void {
      held = { at: at.toISOString().slice(11, 16), until: performance.now() + heldBackMs };
      log('error', { team, at }, 'Slack held events back: more than 30,000 within an hour');
    },
    problem: () =>
      performance.now() < held.until
        ? `Slack held events back at ${held.at} UTC, there were too many: what was said then may not have been heard`
        : null,
  };
}
