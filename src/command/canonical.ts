import { createHash } from 'node:crypto';
import type { Json } from './outcome.ts';
import type { PlannedStep } from './plan.ts';

/** JSON with sorted keys: the same value has the same bytes on every machine. */
export function canonical(value: Json | undefined): string {
  if (Array.isArray(value)) return `[${value.map((item: Json) => canonical(item)).join(',')}]`;
  if (value === null || value === undefined || typeof value !== 'object') return JSON.stringify(value ?? null);
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  const sorted = entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${sorted.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item as Json)}`).join(',')}}`;
}

/** What an approval binds to: command, cloud and each step's key, name, input and stage; no labels, no estimates. */
export function planHash(command: string, cloud: string, steps: readonly PlannedStep[]): string {
  const bound = steps.map(({ key, step, input, stage }) => ({ key, step, input: input as Json, stage }));
  return createHash('sha256')
    .update(canonical({ command, cloud, steps: bound }))
    .digest('hex');
}
