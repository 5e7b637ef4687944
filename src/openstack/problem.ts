import { z } from 'zod';
import type { CloudProblem } from './errors.ts';

/** What an answer that is no success means, and what the service said in its own words. */
export interface Refusal {
  readonly problem: CloudProblem;
  readonly said: string;
}

const Said = z.looseObject({ message: z.string() }).transform(({ message }) => message);
const Wrapped = z.record(z.string(), z.unknown());
const Listed = z.object({
  errors: z.array(z.looseObject({ detail: z.string().optional(), title: z.string().optional() })).min(1),
});

export function refusal(status: number, headers: Headers, body: string): Refusal {
  const said = saidIn(body);
  return { problem: meaning(status, headers, said), said };
}

/** The few headers that decisions need. */
export type Headers = Readonly<Record<string, string | string[] | undefined>>;

function meaning(status: number, headers: Headers, said: string): CloudProblem {
  if (status === 401) return 'unauthorized';
  if (status === 403) return /quota/i.test(said) ? 'over-quota' : 'forbidden';
  if (status === 404) return 'not-found';
  if (status === 409) return 'conflict';
  if (status === 413) return headers['retry-after'] === undefined ? 'over-quota' : 'rate-limited';
  if (status === 429) return 'rate-limited';
  if (status === 400) return /^API Version String/i.test(said) ? 'unsupported' : 'bad-request';
  if (status === 405 || status === 406 || status === 410 || status === 501) return 'unsupported';
  if (status >= 500) return 'unavailable';
  return status >= 400 ? 'bad-request' : 'unreadable';
}

/** Nova and Keystone wrap `{code, message}` in one key, Placement lists `errors`, proxies answer HTML or text. */
function saidIn(body: string): string {
  const json = parsed(body);
  const listed = Listed.safeParse(json);
  if (listed.success) return short(listed.data.errors.map((error) => error.detail ?? error.title ?? '').join('; '));
  const bare = Said.safeParse(json);
  if (bare.success) return short(bare.data);
  for (const inner of Object.values(Wrapped.safeParse(json).data ?? {})) {
    const wrapped = Said.safeParse(inner);
    if (wrapped.success) return short(wrapped.data);
    if (typeof inner === 'string') return short(inner);
  }
  return short(body.replace(/<style[\s\S]*?<\/style>|<[^>]*>/g, ' '));
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}

/** One line: an error page must not fill a channel. */
function short(said: string): string {
  const line = said.replace(/\s+/g, ' ').trim();
  return line.length <= 400 ? line : `${line.slice(0, 399)}…`;
}
