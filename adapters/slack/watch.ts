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
  let missing: string[] = [];
  let held = { at: '', until: 0 };
  let wake = new AbortController();
  let introduced: () => void = () => undefined;
  const known = new Promise<void>((resolve) => {
    introduced = resolve;
  });

  async function look(): Promise<void> {
    try {
      const answer = await web.ask('auth.test', {});
      if (answer['team_id'] !== team)
        throw new Error(`the bot token is of the workspace ${String(answer['team_id'])}, not ${team}: mend SLACK_TEAM`);
      scopesOf(answer.response_metadata?.scopes);
      self = String(answer['user_id']);
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

  function scopesOf(granted: readonly string[] | undefined): void {
    const found = granted === undefined ? [] : missingScopes(granted);
    if (found.length > 0 && found.join() !== missing.join())
      log('error', { missing: found }, 'the Slack app lacks scopes: add them and install it again');
    missing = found;
  }

  function lacking(): string | null {
    return missing.length === 0 ? null : `the Slack app lacks the scopes ${missing.join(', ')}`;
  }

  async function forever(): Promise<void> {
    while (!stop.signal.aborted) {
      await look();
      wake = new AbortController();
      const either = AbortSignal.any([stop.signal, wake.signal]);
      await sleep(trouble === null ? lookMs : worriedMs, undefined, { signal: either, ref: false }).catch(
        () => undefined,
      );
    }
  }
  void forever();
  return {
    self: () => self,
    known,
    good: () => trouble === null,
    problem: () => trouble ?? lacking() ?? (performance.now() < held.until ? deafAt(held.at) : null),
    heldBack(at) {
      held = { at: at.toISOString().slice(11, 16), until: performance.now() + heldBackMs };
      log('error', { team, at }, 'Slack held events back: more than 30,000 within an hour');
    },
    doubt: (error) => {
      if (isRevoked(error) && trouble === null) wake.abort();
    },
    close: () => stop.abort(),
  };
}

function deafAt(time: string): string {
  return `Slack held events back at ${time} UTC, there were too many: what was said then may not have been heard`;
}
