import type { Json } from './state.ts';

/** What Slack answers instead of doing it: `{ok: false, error}`, with `more` beside it. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: string;
  readonly more: Json;
  constructor(code: string, more: Json = {}) {
    super(code);
    this.code = code;
    this.more = more;
  }
}

/** With lines such as `must be less than 3001 characters [json-pointer:/blocks/0/text/text]`. */
export function invalid(code: string, problems: readonly string[]): Refusal {
  return new Refusal(code, {
    errors: problems,
    response_metadata: { messages: problems.map((problem) => `[ERROR] ${problem}`) },
  });
}
