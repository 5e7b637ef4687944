import { randomUUID } from 'node:crypto';
import { Agent, request } from 'undici';
import type { RequestLimits } from './cloud.ts';
import { type Departure, leaveBy } from './departure.ts';
import { type CloudErrorFacts, OpenStackError } from './errors.ts';
import { type Headers, refusal } from './problem.ts';
import { codeOf, reasonOf } from './silence-reason.ts';

/** Longer than the 60 s that Nova takes to answer for a host that hangs. */
const answerWithin = 90_000;
const attempts = 3;
const passing = new Set([502, 503, 504]);

export interface Log {
  debug(facts: object, message: string): void;
  warn(facts: object, message: string): void;
}

export interface HttpParts {
  readonly cloud: string;
  readonly tls: {
    readonly verify: boolean;
    readonly ca: string | null;
    readonly cert: string | null;
    readonly key: string | null;
  };
  readonly timeoutMs: number | null;
  readonly log: Log;
  sleep(ms: number): Promise<void>;
}

export interface Call {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  readonly service: string;
  readonly url: URL;
  /** The path as people know it, without prefix or query: for errors and the log. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly limits?: RequestLimits;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
  readonly requestId: string | null;
}

export interface Http {
  /** Any 2xx, and 300 (Keystone's list of versions); everything else throws. */
  send(call: Call): Promise<Answer>;
  close(): Promise<void>;
}

/** The one way out to a cloud: its own connections, certificates, time limits and log. */
export function openHttp(parts: HttpParts): Http {
  const { verify, ca, cert, key } = parts.tls;
  const connect = {
    rejectUnauthorized: verify,
    timeout: 10_000,
    ...(ca && { ca }),
    ...(cert && { cert }),
    ...(key && { key }),
  };
  const within = parts.timeoutMs ?? answerWithin;
  const agent = new Agent({ connect, headersTimeout: within, bodyTimeout: within });
  return { send: (call) => sendPatiently(call, agent, parts), close: () => agent.destroy() };
}

/** Retries only what is harmless twice, and only where nobody answered or a proxy answered for the service. */
async function sendPatiently(call: Call, agent: Agent, parts: HttpParts): Promise<Answer> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await sendOnce(call, agent, parts);
    } catch (error) {
      if (!isRead(call) || attempt === attempts || !mayPass(error)) throw error;
      await parts.sleep(200 * 4 ** (attempt - 1) * (0.5 + Math.random()));
    }
  }
}

function mayPass(error: unknown): boolean {
  if (!(error instanceof OpenStackError) || error.problem !== 'unavailable') return false;
  return error.facts.status === undefined || passing.has(error.facts.status);
}

async function sendOnce(call: Call, agent: Agent, parts: HttpParts): Promise<Answer> {
  call.limits?.signal.throwIfAborted();
  const began = performance.now();
  const sent: Sent = { ownId: `req-${randomUUID()}`, departure: { left: false, late: false } };
  const facts = { cloud: parts.cloud, method: call.method, service: call.service, path: call.path, ownId: sent.ownId };
  try {
    const answer = await exchange(call, agent, parts, sent);
    parts.log.debug(
      { ...facts, status: answer.status, requestId: answer.requestId, ms: sinceMs(began) },
      'cloud answered',
    );
    return understood(call, parts.cloud, sent, answer);
  } catch (error) {
    if (error instanceof OpenStackError) throw error;
    if (call.limits?.signal.aborted) throw call.limits.signal.reason;
    const unanswered = silence(call, parts, sent, error);
    parts.log.warn(
      { ...facts, problem: unanswered.problem, said: unanswered.facts.said, ms: sinceMs(began) },
      'cloud silent',
    );
    throw unanswered;
  }
}

interface Sent {
  readonly ownId: string;
  readonly departure: Departure;
}

interface Raw {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly requestId: string | null;
}

async function exchange(call: Call, agent: Agent, parts: HttpParts, { ownId, departure }: Sent): Promise<Raw> {
  const type = call.body === undefined ? {} : { 'content-type': 'application/json' };
  const { statusCode, headers, body } = await request(call.url, {
    method: call.method,
    dispatcher: isRead(call)
      ? agent
      : agent.compose(leaveBy(call.limits?.notAfter ?? Number.POSITIVE_INFINITY, departure)),
    headers: {
      accept: 'application/json',
      'user-agent': 'vigie',
      ...type,
      ...call.headers,
      'x-openstack-request-id': ownId,
    },
    body: call.body === undefined ? null : JSON.stringify(call.body),
    signal: timeLimit(call, parts),
  });
  return { status: statusCode, headers, text: await body.text(), requestId: idOf(headers) ?? null };
}

function understood(call: Call, cloud: string, { ownId }: Sent, { status, headers, text, requestId }: Raw): Answer {
  if (status >= 200 && status <= 300) return { status, headers, requestId, body: readJson(text, call, cloud, status) };
  const { problem, said } = refusal(status, headers, text);
  throw new OpenStackError({ ...requestOf(call, cloud), problem, status, said, requestId: requestId ?? ownId });
}

function isRead(call: Call): boolean {
  return call.method === 'GET' || call.method === 'HEAD';
}

function sinceMs(began: number): number {
  return Math.round(performance.now() - began);
}

function timeLimit(call: Call, parts: HttpParts): AbortSignal {
  const limit = AbortSignal.timeout(parts.timeoutMs ?? answerWithin);
  return call.limits ? AbortSignal.any([call.limits.signal, limit]) : limit;
}

/** A change that never left did not happen, and says so; one that left and got no answer may have. */
function silence(call: Call, parts: HttpParts, { ownId, departure }: Sent, error: unknown): OpenStackError {
  const facts = requestOf(call, parts.cloud);
  if (departure.late)
    return new OpenStackError(
      { ...facts, problem: 'not-sent', said: 'the time in which it might leave was over' },
      { cause: error },
    );
  const bare = call.url.protocol === 'https:' && parts.tls.cert === null;
  const said = reasonOf(error, { asStranger: bare && call.service === 'identity' });
  if (!isRead(call) && call.service !== 'identity' && !departure.left)
    return new OpenStackError({ ...facts, problem: 'not-sent', said }, { cause: error });
  if (timedOut(error)) return new OpenStackError({ ...facts, problem: 'timeout', requestId: ownId }, { cause: error });
  return new OpenStackError({ ...facts, problem: 'unavailable', requestId: ownId, said }, { cause: error });
}

function timedOut(error: unknown): boolean {
  const code = codeOf(error);
  return (
    (error instanceof Error && error.name === 'TimeoutError') ||
    code === 'UND_ERR_HEADERS_TIMEOUT' ||
    code === 'UND_ERR_BODY_TIMEOUT'
  );
}

function readJson(text: string, call: Call, cloud: string, status: number): unknown {
  if (text === '') return null;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new OpenStackError(
      {
        ...requestOf(call, cloud),
        problem: 'unreadable',
        status,
        said: 'the answer is not JSON; is something else listening there?',
      },
      { cause },
    );
  }
}

function requestOf(call: Call, cloud: string): Pick<CloudErrorFacts, 'cloud' | 'request'> {
  return { cloud, request: `${call.method} ${call.service} ${call.path}` };
}

function idOf(headers: Headers): string | undefined {
  const id = headers['x-compute-request-id'] ?? headers['x-openstack-request-id'];
  return typeof id === 'string' ? id : id?.[0];
}
