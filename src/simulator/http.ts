import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Fields, isFields } from './json.ts';

export interface Request {
  readonly method: string;
  /** Below the mount: `/servers/detail`. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly search: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** `http://127.0.0.1:8774`, as the client named it. */
  readonly origin: string;
}

export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  /** A body that is text already. */
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Mount {
  readonly prefix: string;
  handle(request: Request): Promise<Answer>;
}

/** What a story may ask of the wire itself: answer with a status, be slow, or hang up before or after the work. */
export interface WireFault {
  readonly method?: string;
  readonly path: RegExp;
  readonly status?: number;
  readonly delay?: number;
  readonly drop?: 'before' | 'after';
  times: number;
}

export interface Listener {
  readonly port: number;
  readonly wireFaults: WireFault[];
  /** Hangs up and closes the port for so long. */
  away(milliseconds: number): Promise<void>;
  stop(): Promise<void>;
}

export async function listen(
  mounts: readonly Mount[],
  address: { host: string; port: number },
  sleep: (milliseconds: number) => Promise<void>,
): Promise<Listener> {
  const wireFaults: WireFault[] = [];
  const server = createServer((incoming, outgoing) => {
    void serve(incoming, outgoing, mounts, wireFaults, sleep).catch(() => outgoing.destroy());
  });
  // longer than any client keeps a connection, so that none is closed under a request
  server.keepAliveTimeout = 120_000;
  await opened(server, address);
  const port = portOf(server);
  return {
    port,
    wireFaults,
    async away(milliseconds) {
      await close(server);
      await sleep(milliseconds);
      await opened(server, { ...address, port });
    },
    stop: () => close(server),
  };
}

function opened(server: Server, { host, port }: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
}

async function serve(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  mounts: readonly Mount[],
  wireFaults: WireFault[],
  sleep: (milliseconds: number) => Promise<void>,
): Promise<void> {
  const body = await readBody(incoming);
  const url = new URL(incoming.url ?? '/', 'http://simulator');
  const fault = wireFaults.find((each) => matches(each, incoming.method ?? 'GET', url.pathname));
  if (fault) {
    fault.times -= 1;
    if (fault.delay !== undefined) await sleep(fault.delay);
    if (fault.drop === 'before') return void outgoing.destroy();
    if (fault.status !== undefined) return write(outgoing, { status: fault.status, body: {} }, incoming.method);
  }
  const mount = mounts.find(({ prefix }) => url.pathname === prefix || url.pathname.startsWith(`${prefix}/`));
  const answer = mount
    ? await mount.handle({
        method: incoming.method ?? 'GET',
        path: decodeURIComponent(url.pathname.slice(mount.prefix.length)) || '/',
        query: url.searchParams,
        search: url.search,
        headers: incoming.headers,
        body,
        origin: `http://${incoming.headers.host ?? 'localhost'}`,
      })
    : { status: 404, body: { error: { code: 404, title: 'Not Found', message: 'No service has that path.' } } };
  if (fault?.drop === 'after') return void outgoing.destroy();
  write(outgoing, answer, incoming.method);
}

function matches(fault: WireFault, method: string, path: string): boolean {
  return fault.times > 0 && (fault.method ?? method) === method && fault.path.test(path);
}

function write(outgoing: ServerResponse, answer: Answer, method: string | undefined): void {
  const content = answer.text ?? (answer.body === undefined ? '' : JSON.stringify(answer.body));
  outgoing.writeHead(answer.status, {
    ...(answer.status === 204
      ? {}
      : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(content) }),
    ...answer.headers,
  });
  outgoing.end(method === 'HEAD' ? undefined : content);
}

async function readBody(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function portOf(server: Server): number {
  // listen() on TCP always gives an AddressInfo; its type also covers pipes
  return (server.address() as AddressInfo).port;
}

async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}

/** The body as an object, or undefined when it is not one. */
export function bodyOf(request: Request): Fields | undefined {
  try {
    const value: unknown = JSON.parse(request.body);
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
