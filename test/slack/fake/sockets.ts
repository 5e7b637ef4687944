import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';
import type { Answer, Parcel, Transport } from './delivery.ts';
import type { Json, Workspace } from './state.ts';

export interface Sockets {
  readonly transport: Transport;
  /** How many are open. */
  readonly open: number;
  /** How many were ever opened. */
  readonly opened: number;
  /** Acknowledgements of envelopes that nobody waits for (late ones too), with when they came. */
  readonly stray: { readonly envelope: string; readonly at: number }[];
  /** A new single-use address. */
  ticket(): string;
  /** `disconnect` to every socket: `warning` (closed 10 s later), `refresh_requested` (no more events, closed soon). */
  announce(reason: 'warning' | 'refresh_requested' | 'link_disabled'): void;
  /** Cut without a word: all, or so many of them. */
  drop(count?: number): void;
  /** The open sockets go silent: no events, no pongs, no close, until `thaw`. New ones work. */
  freeze(): void;
  thaw(): void;
  close(): void;
  /** An HTTP connection that becomes a socket, or is refused. */
  accept(...upgrade: Upgrade): void;
}

type Upgrade = [request: IncomingMessage, socket: Duplex, head: Buffer];

interface Link {
  readonly socket: WebSocket;
  frozen: boolean;
  leaving: boolean;
}

const most = 10;
const pingEvery = 5000;

/** Socket Mode of one app, on the HTTP server of the fake. `patience` is how long an acknowledgement may take, ms. */
export function makeSockets(workspace: Workspace, base: string, patience: number): Sockets {
  const server = new WebSocketServer({ noServer: true, autoPong: false });
  const links = new Set<Link>();
  const tickets = new Set<string>();
  const waiting = new Map<string, (answer: Answer) => void>();
  const stray: Sockets['stray'] = [];
  const { app, clock } = workspace;
  let opened = 0;
  const pinging = setInterval(() => {
    for (const { socket, frozen } of links) if (!frozen) socket.ping();
  }, pingEvery);

  return {
    transport: { send },
    get open() {
      return links.size;
    },
    get opened() {
      return opened;
    },
    stray,
    ticket() {
      const ticket = randomBytes(12).toString('hex');
      tickets.add(ticket);
      return `${base.replace('http', 'ws')}/link/${app.id}/?ticket=${ticket}&app_id=${app.id}`;
    },
    announce(reason) {
      for (const link of links) announceTo(link, reason);
    },
    drop(count = Infinity) {
      for (const { socket } of [...links].slice(0, count)) socket.terminate();
    },
    freeze() {
      for (const link of links) link.frozen = true;
    },
    thaw() {
      for (const link of links) link.frozen = false;
    },
    close() {
      clearInterval(pinging);
      for (const { socket } of links) socket.terminate();
      for (const settle of waiting.values()) settle({ acked: false, reason: 'timeout' });
      server.close();
    },
    accept,
  };

  function accept(...[request, socket, head]: Upgrade): void {
    const ticket = new URL(request.url ?? '', base).searchParams.get('ticket') ?? '';
    if (!tickets.delete(ticket)) {
      socket.end('HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    server.handleUpgrade(request, socket, head, greet);
  }

  function greet(socket: WebSocket): void {
    socket.on('error', () => socket.terminate());
    if (links.size >= most) {
      socket.send(JSON.stringify({ type: 'disconnect', reason: 'too_many_websockets', debug_info: {} }));
      socket.close();
      return;
    }
    const link: Link = { socket, frozen: false, leaving: false };
    links.add(link);
    opened += 1;
    socket.on('close', () => links.delete(link));
    socket.on('ping', (data) => {
      if (!link.frozen) socket.pong(data);
    });
    socket.on('message', (data) => {
      if (!link.frozen) heard(String(data));
    });
    socket.send(
      JSON.stringify({
        type: 'hello',
        num_connections: links.size,
        debug_info: { host: 'fake', build_number: 1, approximate_connection_time: 18_060 },
        connection_info: { app_id: app.id },
      }),
    );
  }

  function heard(data: string): void {
    const { envelope_id: envelope, payload } = JSON.parse(data) as { envelope_id?: string; payload?: unknown };
    const settle = waiting.get(envelope ?? '');
    if (settle === undefined) stray.push({ envelope: envelope ?? '', at: clock.now() });
    else settle({ acked: true, body: payload });
  }

  function send(parcel: Parcel): Promise<Answer> {
    const able = [...links].filter(({ leaving, socket }) => !leaving && socket.readyState === WebSocket.OPEN);
    const link = able[Math.floor(Math.random() * able.length)];
    if (link === undefined) return Promise.resolve({ acked: false, reason: 'no_socket' });
    return new Promise((resolve) => {
      const timer = setTimeout(() => settle({ acked: false, reason: 'timeout' }), patience);
      function settle(answer: Answer): void {
        clearTimeout(timer);
        if (waiting.delete(parcel.envelope)) resolve(answer);
      }
      waiting.set(parcel.envelope, settle);
      if (!link.frozen) link.socket.send(JSON.stringify(envelopeOf(parcel)));
    });
  }

  function announceTo(link: Link, reason: string): void {
    if (reason !== 'warning') link.leaving = true;
    link.socket.send(JSON.stringify({ type: 'disconnect', reason, debug_info: { host: 'fake' } }));
    setTimeout(() => link.socket.terminate(), 10_000 * Math.min(1, clock.pace * 10)).unref();
  }
}

function envelopeOf({ kind, payload, envelope, retry, reason }: Parcel): Json {
  const basic = { envelope_id: envelope, payload, type: kind, accepts_response_payload: kind === 'slash_commands' };
  return kind === 'events_api' ? { ...basic, retry_attempt: retry, retry_reason: reason } : basic;
}
