import { Client } from 'irc-framework';
import { carefulRate, openBucket } from './bucket.ts';
import { protocol, pulse, type Slot } from './lanes.ts';
import { lineOf, type Outgoing } from './line.ts';
import type { NetworkOptions } from './options.ts';
import { type Attempt, afterLoss, usualPace } from './pace.ts';
import { noteKill } from './rivals.ts';
import { watchServices } from './services.ts';
import { blame, freshState, isIdentified, type Parts, type State } from './state.ts';
import { transportOf } from './transport.ts';
import { problemOf, watchTroubles } from './troubles.ts';
import { settle, watch } from './wishes.ts';

/** One network, kept as it is wished: connected, identified, under its nick, in its channels. */
export interface Network {
  readonly name: string;
  readonly client: Client;
  /** Sends when its turn comes, and tells how many bytes were sent by then; rejects where it never will. */
  send(outgoing: Outgoing, slot: Slot): Promise<number>;
  /** The server has read as many of them. */
  read(bytes: number): void;
  /** So much waits to be read that it is time to ask the server whether it was. */
  pressed(): boolean;
  /** From now on nothing is said in a place for as long as so many lines take. */
  hold(place: string, lines: number): void;
  /** What waits to be said in a place is not said. */
  drop(place: string, why: Error): void;
  /** Registered with the server: what is said arrives. */
  connected(): boolean;
  /** True too where no account is wished. */
  identified(): boolean;
  isIn(channel: string): boolean;
  /** What is wrong, in words for whoever can mend it. */
  problem(): string | null;
  /** Nothing waits to be sent. */
  idle(): boolean;
  /** Called at each loss of the connection. */
  onLoss(listener: (why: Error) => void): void;
  /** Ends a connection that is of no use; the next is made as after any loss. */
  giveUp(why: string): void;
  start(): void;
  stop(): Promise<void>;
}

export function openNetwork(options: NetworkOptions): Network {
  const pace = options.pace ?? usualPace;
  const client = new Client();
  const bucket = openBucket(options.rate ?? carefulRate);
  const state = freshState();
  const losses: ((why: Error) => void)[] = [];
  const supervisor = supervise({ options, pace, client, bucket, state, losses });
  const send = async (outgoing: Outgoing, slot: Slot) => bucket.put(lineOf(outgoing), slot, outgoing.mine);
  return {
    name: options.name,
    client,
    send,
    connected: () => state.registered && !state.stopping,
    identified: () => isIdentified(options, client, state),
    isIn: (channel) => state.channels.has(client.caseLower(channel)),
    problem: () => problemOf(options, client, state),
    idle: bucket.idle,
    read: bucket.read,
    pressed: bucket.pressed,
    hold: bucket.hold,
    drop: bucket.drop,
    onLoss: (listener) => void losses.push(listener),
    giveUp: (why) => giveUp(client, state, why),
    start: supervisor.connect,
    async stop() {
      state.stopping = true;
      await supervisor.leave(() => send({ command: 'QUIT', params: ['vigie stops'] }, protocol));
    },
  };
}

/** Connects again for ever, with growing jittered pauses, whatever ended the connection; and keeps it as it is wished. */
function supervise(parts: Parts) {
  const { options, pace, client, bucket, state } = parts;
  let attempt: Attempt = { failures: 0, registeredAt: null };
  let again: NodeJS.Timeout | null = null;
  let registering: NodeJS.Timeout | null = null;
  const settling = setInterval(() => settle(parts), pace.settleMs);
  settling.unref();

  function connect(): void {
    state.nicks = 0;
    attempt = { ...attempt, registeredAt: null };
    state.why = null;
    const late = `not registered within ${pace.registerMs / 1000} s`;
    registering = setTimeout(() => giveUp(client, state, late), pace.registerMs);
    client.connect(clientOptions(parts, (error) => blame(state, error.message)));
  }

  function lost(): void {
    if (registering !== null) clearTimeout(registering);
    forget(parts);
    if (state.stopping) return;
    noteKill(state, state.why);
    attempt = afterLoss(attempt, performance.now());
    const ms = pace.pauseMs(attempt.failures);
    state.problem = state.why ?? 'the server ended it';
    const facts = { network: options.name, ms: Math.round(ms), why: state.problem };
    options.log('warn', facts, 'no connection; it is tried again');
    again = setTimeout(connect, ms);
  }

  client.on('registered', () => {
    if (registering !== null) clearTimeout(registering);
    attempt = { ...attempt, registeredAt: performance.now() };
    begin(parts);
  });
  client.on('close', lost);
  for (const look of [watch, watchServices, watchTroubles]) look(parts);
  return {
    connect,
    async leave(farewell: () => Promise<unknown>): Promise<void> {
      clearInterval(settling);
      if (again !== null) clearTimeout(again);
      if (registering !== null) clearTimeout(registering);
      if (state.registered) await Promise.race([farewell().catch(() => undefined), pause(1500)]);
      client.connection.end(null, false);
      bucket.close(new Error('vigie stops'));
    },
  };
}

function giveUp(client: Client, state: State, why: string): void {
  blame(state, why);
  client.connection.end(null, true);
}

function begin(parts: Parts): void {
  const { options, client, bucket, state } = parts;
  Object.assign(state, { registered: true, why: null, problem: null });
  bucket.registered();
  options.log('info', { network: options.name, nick: client.user.nick }, 'connected');
  settle(parts);
}

/** Of a connection that is gone nothing holds any more, and nothing that waited on it arrives. */
function forget({ options, bucket, state, losses }: Parts): void {
  Object.assign(state, { registered: false, account: null });
  state.channels.clear();
  const why = new Error(`the connection to ${options.name} is lost`);
  bucket.close(why);
  for (const listener of losses) listener(why);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms).unref());
}

function slotOf(line: string): Slot {
  return /^(PING|PONG) /.test(line) ? pulse : protocol;
}

function clientOptions({ options, pace, bucket }: Parts, failed: (why: Error) => void) {
  const { link, nick, login, serverPassword, version } = options;
  const gate = {
    open: bucket.open,
    send: (line: string) => void bucket.put(line, slotOf(line)).catch(() => undefined),
    failed,
  };
  return {
    host: link.host,
    port: link.port,
    nick,
    username: 'vigie',
    // Read by whoever asks the server. A CTCP VERSION is not answered: strangers would set the pace of what we send.
    gecos: `vigie ${version}`,
    version: '',
    ...(serverPassword === null ? {} : { password: serverPassword }),
    // An empty account keeps the framework from showing the server's password to services.
    account:
      login === null ? {} : { account: login.account, ...('password' in login ? { password: login.password } : {}) },
    ...(login === null ? {} : { sasl_mechanism: login.mechanism }),
    enable_chghost: true,
    enable_echomessage: true,
    auto_reconnect: false,
    ping_interval: pace.pingMs / 1000,
    ping_timeout: pace.silenceMs / 1000,
    transport: transportOf(link, gate),
  };
}
