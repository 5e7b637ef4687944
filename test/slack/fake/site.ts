import type { IncomingHttpHeaders } from 'node:http';
import type { Call as ApiCall, Method } from './api/method.ts';
import { methods } from './api/methods.ts';
import { Args, argsOf } from './args.ts';
import type { Delivery } from './delivery.ts';
import type { Fault, Faults } from './faults.ts';
import { homePage, page } from './page.ts';
import type { Rates } from './rates.ts';
import { Refusal } from './refusal.ts';
import type { Responses } from './responses.ts';
import type { Sockets } from './sockets.ts';
import { channelOf, type Json, type Workspace } from './state.ts';

export interface HttpCall {
  readonly url: URL;
  readonly body: Buffer;
  readonly headers: IncomingHttpHeaders;
}

export interface Answered {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly fault?: Fault | null;
}

/** A call that came in, and what became of it: `ok`, the error's code, or `429`. */
export interface Called {
  readonly method: string;
  readonly args: Json;
  readonly at: number;
  answer: string;
}

export interface Parts {
  readonly workspace: Workspace;
  readonly delivery: Delivery;
  readonly sockets: Sockets;
  readonly responses: Responses;
  readonly faults: Faults;
  readonly rates: Rates;
  readonly base: string;
  readonly calls: Called[];
}

/** One workspace with its app, as it is reached over HTTP. */
export interface Site {
  readonly appId: string;
  readonly sockets: Sockets;
  owns(call: HttpCall): boolean;
  handle(call: HttpCall): Promise<Answered>;
  close(): void;
}

const opening: Method = { token: 'app', scopes: ['connections:write'], tier: 1, args: [], run: () => ({}) };
/** Sockets are opened more often than once a minute: Slack lets them. */
const openingTier = 3;

export function makeSite(parts: Parts): Site {
  const { workspace, sockets, delivery, responses } = parts;
  const { app, team } = workspace;
  return {
    appId: app.id,
    sockets,
    owns(call) {
      const token = tokenOf(call);
      return token === app.botToken || token === app.appToken || call.url.pathname.split('/').includes(team.id);
    },
    async handle(call) {
      const { pathname } = call.url;
      if (pathname.startsWith('/api/')) return api(parts, pathname.slice('/api/'.length), call);
      if (pathname.startsWith('/upload/')) return upload(parts, call);
      if (pathname.startsWith('/actions/')) return respond(responses, call);
      const [, owner] = /^\/home\/(\w+)$/.exec(pathname) ?? [];
      if (owner !== undefined) return html(homePage(workspace.views.get(owner) ?? {}, workspace));
      const channel = channelOf(workspace, decodeURIComponent(pathname.slice(1)));
      if (channel === undefined) return plain(404, 'not found');
      return html(page(channel, workspace));
    },
    close() {
      sockets.close();
      delivery.stop();
    },
  };
}

async function api(parts: Parts, name: string, call: HttpCall): Promise<Answered> {
  const called: Called = { method: name, args: {}, at: parts.workspace.clock.now(), answer: 'ok' };
  parts.calls.push(called);
  const scopes = name === 'apps.connections.open' ? parts.workspace.app.appScopes : parts.workspace.app.scopes;
  const headers = { 'x-oauth-scopes': [...scopes].join(',') };
  try {
    const args = argsOf(String(call.body), call.headers['content-type'] ?? '', call.url.searchParams);
    Object.assign(called.args, args);
    const fault = parts.faults.next(name, args);
    if (fault === 'lost-call') return { ...json({ ok: false }), fault };
    if (isLimit(fault)) return limited(fault.retryAfter, called, headers);
    if (isStatus(fault)) return plain(fault.status, 'upstream error');
    if (isError(fault)) throw new Refusal(fault.error);
    if (isAnswer(fault)) return json({ ok: true, ...fault.answer }, headers);
    const method = checked(parts, name, tokenOf(call));
    const wait = parts.rates.take(
      name,
      name === 'apps.connections.open' ? openingTier : method.tier,
      String(args['channel'] ?? ''),
    );
    if (wait > 0) return limited(wait, called, headers);
    const done = await run(parts, { name, method, args });
    return { ...json({ ok: true, ...done }, headers), fault };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    called.answer = error.code;
    const scoped = error.code === 'missing_scope' ? { 'x-accepted-oauth-scopes': String(error.more['needed']) } : {};
    return json({ ok: false, error: error.code, ...error.more }, { ...headers, ...scoped });
  }
}

/** The method, if this token may call it. */
function checked({ workspace: { app } }: Parts, name: string, token: string): Method {
  const method = name === 'apps.connections.open' ? opening : methods[name];
  if (method === undefined) throw new Refusal('unknown_method', { req_method: name });
  if (method.token === 'none') return method;
  if (token === '') throw new Refusal('not_authed');
  const kind = token === app.botToken ? 'bot' : token === app.appToken ? 'app' : null;
  if (kind === null) throw new Refusal('invalid_auth');
  if (app.revoked.has(kind)) throw new Refusal(kind === 'bot' ? 'token_revoked' : 'invalid_auth');
  if (kind !== method.token) throw new Refusal('not_allowed_token_type');
  const provided = kind === 'bot' ? app.scopes : app.appScopes;
  if (method.scopes.length > 0 && !method.scopes.some((scope) => provided.has(scope)))
    throw new Refusal('missing_scope', { needed: method.scopes[0], provided: [...provided].join(',') });
  return method;
}

async function run(parts: Parts, { name, method, args }: { name: string; method: Method; args: Json }): Promise<Json> {
  const { workspace, delivery, base } = parts;
  const given = new Args(args);
  given.allow(method.args);
  if (name === 'apps.connections.open') return { url: parts.sockets.ticket() };
  const call: ApiCall = { args: given, workspace, delivery, base };
  return method.run(call);
}

function upload({ workspace }: Parts, { url, body, headers }: HttpCall): Answered {
  const file = workspace.files.get(url.pathname.split('/').at(-1) ?? '');
  if (file === undefined || file.content !== null) return plain(404, 'no such upload');
  const content = contentOf(body, headers['content-type'] ?? '');
  if (content.length !== file.announced) return plain(400, `${content.length} bytes, announced ${file.announced}`);
  file.content = content;
  return plain(200, `OK - ${content.length}`);
}

/** The bytes as they are, or the one part of a form. */
function contentOf(body: Buffer, contentType: string): Buffer {
  const boundary = /boundary="?([^";]+)"?/.exec(contentType)?.[1];
  if (boundary === undefined) return body;
  const start = body.indexOf('\r\n\r\n') + 4;
  return body.subarray(start, body.indexOf(`\r\n--${boundary}`, start));
}

function respond(responses: Responses, { url, body }: HttpCall): Answered {
  try {
    responses.post(url.pathname, JSON.parse(String(body)));
    return plain(200, 'ok');
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { ...json({ ok: false, error: error.code }), status: 404 };
  }
}

function limited(seconds: number, called: Called, headers: Record<string, string>): Answered {
  called.answer = '429';
  return { ...json({ ok: false, error: 'ratelimited' }, { ...headers, 'retry-after': String(seconds) }), status: 429 };
}

function html(body: string): Answered {
  return { status: 200, headers: { 'content-type': 'text/html; charset=utf-8' }, body };
}

function tokenOf({ headers, body, url }: HttpCall): string {
  const bearer = headers.authorization?.replace(/^Bearer /, '');
  if (bearer !== undefined) return bearer;
  return new URLSearchParams(String(body)).get('token') ?? url.searchParams.get('token') ?? '';
}

function json(body: Json, headers: Record<string, string> = {}): Answered {
  return {
    status: 200,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
    body: JSON.stringify(body),
  };
}

function plain(status: number, body: string): Answered {
  return { status, headers: { 'content-type': 'text/plain' }, body };
}

function isLimit(fault: Fault | null): fault is { retryAfter: number } {
  return typeof fault === 'object' && fault !== null && 'retryAfter' in fault;
}

function isStatus(fault: Fault | null): fault is { status: number } {
  return typeof fault === 'object' && fault !== null && 'status' in fault;
}

function isError(fault: Fault | null): fault is { error: string } {
  return typeof fault === 'object' && fault !== null && 'error' in fault;
}

function isAnswer(fault: Fault | null): fault is { answer: Json } {
  return typeof fault === 'object' && fault !== null && 'answer' in fault;
}
