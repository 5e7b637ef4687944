import { randomUUID } from 'node:crypto';
import { makeHourly } from './hourly.ts';
import { type Channel, type Json, newId, type Workspace } from './state.ts';
import { isHeard } from './subscriptions.ts';

export type Kind = 'events_api' | 'interactive' | 'slash_commands';

export interface Attempt {
  readonly at: number;
  readonly retry: number;
  readonly envelope: string;
  /** When Slack was told that it is received; null if it was not, or not in time. */
  acked: number | null;
  answer: Answer | null;
}

/** Something the app was sent, however often. */
export interface Delivered {
  readonly kind: Kind;
  /** The event_id, or the trigger_id of a click or a command. */
  readonly id: string;
  readonly payload: Json;
  readonly attempts: Attempt[];
  readonly acked: number | null;
}

export type Answer =
  | { readonly acked: true; readonly body: unknown }
  | { readonly acked: false; readonly reason: Failure; readonly noRetry?: boolean };

export type Failure = 'no_socket' | 'timeout' | 'http_timeout' | 'http_error' | 'connection_failed';

export interface Parcel {
  readonly kind: Kind;
  readonly payload: Json;
  readonly envelope: string;
  readonly retry: number;
  readonly reason: string;
}

/** The way to the app: one of its sockets, or its request URL. */
export interface Transport {
  send(parcel: Parcel): Promise<Answer>;
}

/** How events misbehave: each is sent 1 to `copies` times, each copy up to `spread` ms late, so that order is lost. */
export interface Mischief {
  copies: number;
  spread: number;
  chance: () => number;
}

export interface Delivery {
  readonly all: Delivered[];
  readonly mischief: Mischief;
  /** Tells the app, if it has subscribed, has the scope and is in the channel; else null. */
  event(event: Json, channel?: Channel): Delivered | null;
  /** The same event once more, as it is or with a retry number. */
  again(delivered: Delivered, retry?: number): Promise<Attempt>;
  /** A click or a command: sent once, never again. */
  once(kind: Kind, payload: Json): Promise<Answer>;
  /** Whatever is still to be sent or retried has ended. */
  quiet(): Promise<void>;
  stop(): void;
}

/** Retries come at once, after a minute, after five. */
const gaps = [0, 60_000, 300_000];

/** `most`: so many events an hour. */
export function makeDelivery(workspace: Workspace, transport: Transport, most = Infinity): Delivery {
  const hourly = makeHourly(most, workspace.clock.now);
  const all: Delivered[] = [];
  const mischief: Mischief = { copies: 1, spread: 0, chance: Math.random };
  const stopped = new AbortController();
  /** Thousands of copies wait for their time at once: too many to listen to one signal. */
  const waiting = new Set<() => void>();
  const underWay = new Set<Promise<unknown>>();

  async function attempt(delivered: Delivered, retry: number, reason: string): Promise<Attempt> {
    const envelope = randomUUID();
    const made: Attempt = { at: workspace.clock.now(), retry, envelope, acked: null, answer: null };
    delivered.attempts.push(made);
    made.answer = await transport.send({ kind: delivered.kind, payload: delivered.payload, envelope, retry, reason });
    if (made.answer.acked) made.acked = workspace.clock.now();
    return made;
  }

  async function persist(delivered: Delivered): Promise<void> {
    let last = await attempt(delivered, 0, '');
    for (const [index, gap] of gaps.entries()) {
      if (last.answer === null || last.answer.acked || last.answer.noRetry) return;
      await wait(gap * workspace.clock.pace);
      const { reason } = last.answer;
      last = await attempt(delivered, index + 1, reason === 'no_socket' ? 'timeout' : reason);
    }
  }

  async function wait(ms: number): Promise<void> {
    if (ms > 0 && !stopped.signal.aborted)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(wake, ms);
        function wake(): void {
          clearTimeout(timer);
          waiting.delete(wake);
          resolve();
        }
        waiting.add(wake);
      });
    stopped.signal.throwIfAborted();
  }

  /** What is cut by the end of the fake has ended. */
  function start(work: () => Promise<unknown>): void {
    const running: Promise<unknown> = work()
      .catch((error: unknown) => {
        if (!stopped.signal.aborted) throw error;
      })
      .finally(() => underWay.delete(running));
    underWay.add(running);
  }

  function record(kind: Kind, id: string, payload: Json): Delivered {
    const attempts: Attempt[] = [];
    const delivered: Delivered = {
      kind,
      id,
      payload,
      attempts,
      get acked() {
        return attempts.find(({ acked }) => acked !== null)?.acked ?? null;
      },
    };
    all.push(delivered);
    return delivered;
  }

  function mayGo(): boolean {
    const { goes, says } = hourly.take();
    if (says) start(() => persist(record('events_api', newId('Ev'), tooMany(workspace))));
    return goes;
  }

  return {
    all,
    mischief,
    event(event, channel) {
      if (stopped.signal.aborted || !isHeard(event, channel, workspace) || !mayGo()) return null;
      const id = newId('Ev');
      const delivered = record('events_api', id, envelopeOf(event, id, workspace));
      const copies = 1 + Math.floor(mischief.chance() * mischief.copies);
      const late = () => wait(mischief.chance() * mischief.spread);
      start(() => late().then(() => persist(delivered)));
      for (let copy = 1; copy < copies; copy += 1)
        start(() => late().then(() => attempt(delivered, mischief.chance() < 0.5 ? 0 : copy, 'timeout')));
      return delivered;
    },
    again: (delivered, retry = 0) => attempt(delivered, retry, retry === 0 ? '' : 'timeout'),
    async once(kind, payload) {
      const { answer } = await attempt(record(kind, String(payload['trigger_id']), payload), 0, '');
      return answer ?? { acked: false, reason: 'timeout' };
    },
    async quiet() {
      while (underWay.size > 0) await Promise.all(underWay);
    },
    stop() {
      stopped.abort();
      for (const wake of waiting) wake();
    },
  };
}

/** It has no event inside. */
function tooMany({ app, team, clock }: Workspace): Json {
  return {
    token: 'legacy-verification-token',
    type: 'app_rate_limited',
    team_id: team.id,
    minute_rate_limited: Math.floor(clock.now() / 60_000) * 60,
    api_app_id: app.id,
  };
}

function envelopeOf(event: Json, id: string, { app, team, clock }: Workspace): Json {
  return {
    token: 'legacy-verification-token',
    team_id: team.id,
    context_team_id: team.id,
    context_enterprise_id: null,
    api_app_id: app.id,
    event,
    type: 'event_callback',
    event_id: id,
    event_time: Math.floor(clock.now() / 1000),
    authorizations: [
      { enterprise_id: null, team_id: team.id, user_id: app.user, is_bot: true, is_enterprise_install: false },
    ],
    is_ext_shared_channel: false,
    event_context: `4-${id}`,
  };
}
