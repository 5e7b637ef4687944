import { invalid, Refusal } from './refusal.ts';
import type { Json } from './state.ts';

/** Arguments that come as JSON texts in a form. */
const structured = ['blocks', 'attachments', 'metadata', 'view', 'files'];

/** The arguments of a call, from JSON or a form, as `@slack/web-api` and others send them. */
export function argsOf(body: string, contentType: string, query: URLSearchParams): Json {
  const kind = contentType.split(';')[0]?.trim() ?? '';
  if (kind === 'application/json') return { ...Object.fromEntries(query), ...jsonObject(body) };
  if (kind === 'application/x-www-form-urlencoded' || body === '') {
    const form = { ...Object.fromEntries(query), ...Object.fromEntries(new URLSearchParams(body)) };
    return Object.fromEntries(Object.entries(form).map(([name, value]) => [name, unpacked(name, value)]));
  }
  throw new Refusal('invalid_post_type');
}

function jsonObject(body: string): Json {
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return { ...parsed };
  } catch {
    throw new Refusal('invalid_json');
  }
  throw new Refusal('json_not_object');
}

function unpacked(name: string, value: string): unknown {
  if (!structured.includes(name)) return value;
  try {
    return JSON.parse(value);
  } catch {
    throw new Refusal(
      name === 'blocks'
        ? 'invalid_blocks_format'
        : name === 'metadata'
          ? 'invalid_metadata_format'
          : 'invalid_arguments',
    );
  }
}

/** A call takes these and no others; a text is a text, also where the JSON says a number. */
export class Args {
  readonly all: Json;
  constructor(all: Json) {
    this.all = all;
  }

  /** Slack ignores what it does not know; here it is refused, for nobody sends an argument to have it ignored. */
  allow(names: readonly string[]): void {
    const known = [...names, 'token', 'team_id'];
    const strange = Object.keys(this.all).filter((name) => !known.includes(name));
    if (strange.length > 0)
      throw invalid(
        'invalid_arguments',
        strange.map((name) => `unknown argument: ${name}`),
      );
  }

  has(name: string): boolean {
    return this.all[name] !== undefined && this.all[name] !== null;
  }

  text(name: string): string {
    const value = this.all[name];
    if (typeof value === 'string') return value;
    return value === undefined || value === null ? '' : JSON.stringify(value);
  }

  needed(name: string): string {
    const text = this.text(name);
    if (text === '') throw invalid('invalid_arguments', [`missing required field: ${name} [json-pointer:/${name}]`]);
    return text;
  }

  flag(name: string): boolean {
    return ['true', '1'].includes(this.text(name));
  }

  number(name: string, otherwise: number): number {
    if (!this.has(name)) return otherwise;
    const value = Number(this.text(name));
    if (!Number.isInteger(value)) throw invalid('invalid_arguments', [`must be an integer [json-pointer:/${name}]`]);
    return value;
  }

  object(name: string): Json | undefined {
    const value = this.all[name];
    if (value === undefined || value === null) return undefined;
    if (typeof value !== 'object' || Array.isArray(value))
      throw invalid('invalid_arguments', [`must be an object [json-pointer:/${name}]`]);
    return { ...value };
  }
}
