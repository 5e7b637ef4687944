import { EventEmitter } from 'node:events';
import { connect as connectTcp, isIP, type OnReadOpts, type Socket } from 'node:net';
import { StringDecoder } from 'node:string_decoder';
import { connect as connectTls } from 'node:tls';
import type { TransportClass } from 'irc-framework';

/** Where the server is and how it is known to be the right one. */
export interface Link {
  readonly host: string;
  readonly port: number;
  /** Null: plain text. The certificate is always verified; `ca` where the authority is a private one. PEM. */
  readonly tls: { readonly ca: string | null; readonly cert: string | null; readonly key: string | null } | null;
}

/** Where what the framework sends by itself goes: the socket is handed over once it is open. */
export interface Gate {
  open(write: (line: string) => void): void;
  send(line: string): void;
  /** Why there is no connection: the framework tells only that there is none. */
  failed(why: Error): void;
}

const connectMs = 20_000;
/** A server's line has 8,191 bytes of tags and 512 of text at most: what never ends is not read on. */
const longestLine = 65_536;
const readBytes = 16_384;

/**
 * The framework's transport, of our own for three reasons: it knows private authorities, whatever leaves, ours or the
 * framework's, passes one gate, and what comes is understood sooner.
 */
export function transportOf(link: Link, gate: Gate): TransportClass {
  return class extends Transport {
    constructor() {
      super(link, gate);
    }
  };
}

class Transport extends EventEmitter {
  readonly #link: Link;
  readonly #gate: Gate;
  #socket: Socket | null = null;
  #rest = '';

  constructor(link: Link, gate: Gate) {
    super();
    this.#link = link;
    this.#gate = gate;
  }

  connect(): void {
    const { host, port, tls } = this.#link;
    const where = { host, port, onread: this.#reading() };
    const socket = tls === null ? connectTcp(where) : connectTls({ ...where, ...secured(host, tls) });
    this.#socket = socket;
    let failed = false;
    socket.setNoDelay(true);
    socket.setTimeout(connectMs, () => socket.destroy(new Error(`no connection within ${connectMs / 1000} s`)));
    socket.once(tls === null ? 'connect' : 'secureConnect', () => {
      socket.setTimeout(0);
      this.#gate.open((line) => void socket.write(`${line}\r\n`));
      this.emit('open');
    });
    socket.on('error', (error) => {
      failed = true;
      this.#gate.failed(error);
    });
    socket.once('close', () => this.emit('close', failed));
  }

  /** Into one buffer, and past the stream's own queue. */
  #reading(): OnReadOpts {
    const decoder = new StringDecoder('utf8');
    return {
      buffer: Buffer.alloc(readBytes),
      callback: (bytes, buffer) => {
        this.#read(decoder.write(buffer.subarray(0, bytes)));
        return true;
      },
    };
  }

  #read(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    if (this.#rest.length > longestLine)
      return void this.#socket?.destroy(new Error('the server sent an endless line'));
    for (const line of lines) this.emit('line', line.replace(/\r$/, ''));
  }

  writeLine(line: string, written?: () => void): void {
    this.#gate.send(line);
    written?.();
  }

  close(): void {
    this.#socket?.destroy();
  }

  disposeSocket(): void {
    this.#socket?.removeAllListeners();
    this.#socket?.on('error', () => {});
    this.#socket?.destroy();
    this.#socket = null;
  }

  isConnected(): boolean {
    return this.#socket !== null && !this.#socket.destroyed;
  }

  setEncoding(): boolean {
    return true;
  }
}

function secured(host: string, { ca, cert, key }: NonNullable<Link['tls']>) {
  return {
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(ca === null ? {} : { ca }),
    ...(cert === null || key === null ? {} : { cert, key }),
    minVersion: 'TLSv1.2' as const,
  };
}
