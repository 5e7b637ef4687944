/** Plain JSON, as stored in rows. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/**
 * How a step ended its turn. `done` is proven by a look; `gone` needed nothing any more; `blocked` was impossible;
 * `unproven` was asked for but cannot be shown to have happened; `ask` and `later` end the turn, not the step.
 */
export type Outcome =
  | {
      readonly state: 'done' | 'gone' | 'blocked' | 'failed' | 'unproven';
      readonly note: string;
      readonly output: Json;
    }
  | { readonly state: 'ask'; readonly question: Question }
  | { readonly state: 'later'; readonly until: Date; readonly note: string };

export interface Question {
  readonly text: string;
  readonly choices: readonly { readonly choice: string; readonly label: string }[];
  /** What happens when nobody answers by `deadline`. */
  readonly fallback: string;
  readonly deadline: Date;
}

export function done(note = '', output: Json = null): Outcome {
  return { state: 'done', note, output };
}

export function gone(note: string, output: Json = null): Outcome {
  return { state: 'gone', note, output };
}

export function blocked(note: string, output: Json = null): Outcome {
  return { state: 'blocked', note, output };
}

export function failed(note: string, output: Json = null): Outcome {
  return { state: 'failed', note, output };
}

export function unproven(note: string, output: Json = null): Outcome {
  return { state: 'unproven', note, output };
}

export function ask(question: Question): Outcome {
  return { state: 'ask', question };
}

export function later(until: Date, note: string): Outcome {
  return { state: 'later', until, note };
}
