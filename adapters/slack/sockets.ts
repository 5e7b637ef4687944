import { setTimeout as sleep } from 'node:timers/promises';
import { type App, SocketModeReceiver } from '@slack/bolt';
import { z } from 'zod';
import type { Door } from './door.ts';
import type { Log } from './options.ts';
import { clientOptions, SlackTrouble, silent, troubleOf } from './web.ts';

export interface Line {
  /** Something can be heard. */
  open(): boolean;
  /** Why not, where it is not. */
  problem(): string | null;
  close(): Promise<void>;
}

export interface SocketOptions {
  readonly appToken: string;
  readonly apiUrl: string;
  readonly door: Door;
  readonly log: Log;
  /** None is opened before. */
  readonly ready: Promise<void>;
}

/** Slack replaces each socket every few hours and tells some of them before: the other one listens meanwhile. */
const socketCount = 2;
/** So long one that is replaced is still listened to. */
const farewellMs = 5000;
/** A socket that is not greeted for so long is none. */
const greetingMs = 10_000;
const pongMs = 5000;
/** One that lived so long was a good one. */
const steadyMs = 30_000;

/** Two sockets, each opened again for ever, whatever ended it: Bolt's own reconnection gives up for good, and late. */
export function openSockets(options: SocketOptions): Line {
  const sockets = Array.from({ length: socketCount }, (_, number) => supervise(options, number));
  return {
    open: () => sockets.some((socket) => socket.open()),
    problem: () => (sockets.some((socket) => socket.open()) ? null : (sockets[0]?.problem() ?? 'no socket just now')),
    async close() {
      await Promise.all(sockets.map((socket) => socket.close()));
    },
  };
}

function supervise(options: SocketOptions, number: number): Line {
  const stop = new AbortController();
  /** Those that were greeted and have not ended: for a moment two, where one replaces the other. */
  const live = new Set<Socket>();
  let problem: string | null = null;

  /** Resolves when another one is due; until that one listens this one goes on as long as Slack lets it. */
  async function once(): Promise<void> {
    const socket = await greeted(options);
    live.add(socket);
    problem = null;
    options.log('info', { socket: number }, 'Slack is heard');
    void socket.lost.then(() => live.delete(socket));
    const why = await socket.over;
    void dismissed(socket).then(() => live.delete(socket));
    if (why === 'link_disabled') await refusal(why);
  }

  async function forever(): Promise<void> {
    await Promise.race([options.ready, new Promise((resolve) => stop.signal.addEventListener('abort', resolve))]);
    for (let failures = 0; !stop.signal.aborted; ) {
      const begun = performance.now();
      const failed = await once().then(() => null, whyOf);
      if (stop.signal.aborted) return;
      const lived = performance.now() - begun;
      failures = failed === null && lived > steadyMs ? 0 : failures + 1;
      if (failed !== null && problem !== failed.message)
        options.log(
          levelOf(failed),
          { socket: number, why: failed.message },
          'no socket to Slack; it is tried for ever',
        );
      problem = failed?.message ?? problem;
      const ms = failed === null ? breathMs(failures) : pauseMs(failed, failures);
      await sleep(ms, undefined, { signal: stop.signal }).catch(() => undefined);
    }
  }

  const running = forever();
  return {
    open: () => live.size > 0,
    problem: () => problem,
    async close() {
      stop.abort();
      for (const socket of live) socket.end();
      await Promise.race([running, sleep(1000, undefined, { ref: false })]);
    },
  };
}

/** A socket that listens. */
async function greeted(options: SocketOptions): Promise<Socket> {
  const socket = openSocket(options);
  try {
    await Promise.race([socket.receiver.start(), socket.over.then(refusal), late()]);
    return socket;
  } catch (error) {
    socket.end();
    throw error;
  }
}

/** It may still hear for a while. */
async function dismissed(socket: Socket): Promise<void> {
  await Promise.race([socket.lost, sleep(farewellMs, undefined, { ref: false })]);
  socket.end();
}

const closed = 'the socket was closed';

/** By Slack, which says why, or says nothing. */
async function refusal(why: string): Promise<never> {
  if (why === 'link_disabled')
    throw new Error('Socket Mode is switched off (link_disabled): switch it on in the settings of the Slack app');
  throw new Error(why === '' ? closed : `Slack closed the socket: ${why}`);
}

/** That Slack lets them be opened only one by one is nobody's trouble. */
function levelOf(failed: Error): 'info' | 'error' {
  return failed instanceof SlackTrouble && failed.problem === 'ratelimited' ? 'info' : 'error';
}

/** One that ends is replaced at once; those that end one after the other are replaced more and more slowly. */
function breathMs(failures: number): number {
  return failures < 2 ? 0 : Math.min(100 * 2 ** (failures - 2), 20_000) * (0.75 + Math.random() / 2);
}

function pauseMs(failed: Error, failures: number): number {
  if (failed instanceof SlackTrouble && failed.problem === 'ratelimited') return failed.retryMs + Math.random() * 500;
  return Math.min(100 * 2 ** Math.min(failures, 8), 20_000) * (0.75 + Math.random() / 2);
}

/** The client rejects with nothing where a socket was closed before its greeting. */
function whyOf(error: unknown): Error {
  return error === undefined ? new Error(closed) : troubleOf(error);
}

async function late(): Promise<never> {
  await sleep(greetingMs, undefined, { ref: false });
  throw new Error('Slack did not greet the socket');
}

function receiverOf({ appToken, apiUrl, door }: SocketOptions): SocketModeReceiver {
  const receiver = new SocketModeReceiver({
    appToken,
    logger: silent,
    autoReconnectEnabled: false,
    clientPingTimeout: pongMs,
    installerOptions: { clientOptions: clientOptions(apiUrl, 10_000, 0) },
    processEventErrorHandler: async () => false,
  });
  receiver.init(standIn(door));
  return receiver;
}

/** A receiver asks nothing of its App but `processEvent`; the App itself would acknowledge before anybody listens. */
export function standIn(door: Door): App {
  return door as unknown as App;
}

interface Socket {
  readonly receiver: SocketModeReceiver;
  readonly lost: Promise<unknown>;
  /** It is to be replaced: why, where Slack announces that it will close it; empty where it is lost. */
  readonly over: Promise<string>;
  end(): void;
}

/**
 * The client would close a socket as soon as Slack announces that it will: what was under way on it would be neither
 * heard nor acknowledged. So the announcement is kept from it, and the next socket is opened first.
 */
function openSocket(options: SocketOptions): Socket {
  const receiver = receiverOf(options);
  const { client } = receiver;
  const unread = (err: unknown) => options.log('warn', { err }, 'Slack told something that cannot be read');
  const lost = new Promise<void>((resolve) => {
    client.on('disconnected', () => resolve());
    client.on('error', () => resolve());
  });
  const announced = new Promise<string>((resolve) => {
    for (const listener of client.listeners('ws_message')) {
      client.off('ws_message', listener);
      // It reads asynchronously, and what it cannot read it throws where nobody catches: that would end the process.
      client.on('ws_message', async (...told: unknown[]) => {
        const envelope = envelopeIn(told[0]);
        if (envelope?.type === 'disconnect') return resolve(envelope.reason ?? 'disconnect');
        const readable = isBare(envelope) ? [JSON.stringify(withEvent(envelope)), false] : told;
        await Promise.resolve(listener(...readable)).catch(unread);
      });
    }
  });
  const over = Promise.race([announced, lost.then(() => '')]);
  return { receiver, lost, over, end: () => void receiver.stop().catch(() => undefined) };
}

const Envelope = z.looseObject({
  type: z.string(),
  reason: z.string().optional(),
  payload: z.looseObject({}).optional(),
});
type Envelope = z.output<typeof Envelope>;

function envelopeIn(told: unknown): Envelope | null {
  try {
    return typeof told === 'string' ? (Envelope.safeParse(JSON.parse(told)).data ?? null) : null;
  } catch {
    return null;
  }
}

/** The client asks every one for the event inside; `app_rate_limited` has none. */
function isBare(envelope: Envelope | null): envelope is Envelope {
  return envelope?.type === 'events_api' && envelope.payload?.['event'] === undefined;
}

function withEvent(envelope: Envelope): Envelope {
  return { ...envelope, payload: { ...envelope.payload, event: {} } };
}
