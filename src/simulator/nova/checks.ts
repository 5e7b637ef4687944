import { badRequest } from '../fault.ts';
import { type Fields, repr } from '../json.ts';
import type { NovaContext } from './context.ts';

const YES = ['True', 'TRUE', 'true', '1', 'ON', 'On', 'on', 'YES', 'Yes', 'yes'];
const NO = ['False', 'FALSE', 'false', '0', 'OFF', 'Off', 'off', 'NO', 'No', 'no'];
export const FLAGS: readonly unknown[] = [true, ...YES, false, ...NO];

export function invalid(field: string, value: unknown, problem: string) {
  const shown = typeof value === 'string' ? value : repr(value);
  return badRequest(`Invalid input for field/attribute ${field}. Value: ${shown}. ${problem}`);
}

/** Refuses keys that are not in the list, as nova's schemas do. */
export function onlyKeys(field: string | null, value: Fields, allowed: readonly string[]): void {
  const extra = Object.keys(value)
    .filter((key) => !allowed.includes(key))
    .sort();
  if (extra.length === 0) return;
  const names = extra.map((key) => `'${key}'`).join(', ');
  const problem = `Additional properties are not allowed (${names} ${extra.length === 1 ? 'was' : 'were'} unexpected)`;
  throw field === null ? badRequest(problem) : invalid(field, value, problem);
}

/** A text of 1 to 255 characters, or absent. */
export function shortText(field: string, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'string') throw invalid(field, value, `${repr(value)} is not of type 'string'`);
  if (value.length === 0) throw invalid(field, value, `${repr(value)} is too short`);
  if ([...value].length > 255) throw invalid(field, value, `${repr(value)} is too long`);
  return value;
}

/**
 * An unknown query parameter is an error from some microversion on (2.75 for most lists); before, nobody looks. The list
 * of servers words it in a way of its own, because there keys that begin with _ are let through.
 */
export function knownQuery({ minor, request }: NovaContext, known: readonly string[], from = 75): void {
  if (minor < from) return;
  for (const key of request.query.keys()) {
    if (!known.includes(key)) throw badRequest(`Additional properties are not allowed ('${key}' was unexpected)`);
  }
}

export function numberQuery(context: NovaContext, key: string): number | undefined {
  const value = context.request.query.get(key);
  if (value === null) return undefined;
  if (!/^[0-9]+$/.test(value)) {
    throw badRequest(
      `Invalid input for query parameters ${key}. Value: ${value}. '${value}' does not match '^[0-9]*$'`,
    );
  }
  return Number(value);
}

export function required(field: string | null, value: Fields, keys: readonly string[]): void {
  const missing = keys.find((key) => !(key in value));
  if (missing === undefined) return;
  const problem = `'${missing}' is a required property`;
  throw field === null ? badRequest(problem) : invalid(field, value, problem);
}

export function oneOf(field: string, value: unknown, allowed: readonly unknown[]): void {
  if (!allowed.includes(value)) throw invalid(field, value, `${repr(value)} is not one of ${repr(allowed)}`);
}

/** True and false as nova's schemas take them, in any of twenty spellings; absent is undefined. */
export function flag(field: string, value: unknown): boolean | undefined {
  if (value === undefined) return undefined;
  oneOf(field, value, FLAGS);
  return value === true || YES.includes(String(value));
}

export function flagQuery({ request }: NovaContext, key: string): boolean {
  const value = request.query.get(key);
  if (value === null) return false;
  if (!FLAGS.includes(value)) {
    throw badRequest(
      `Invalid input for query parameters ${key}. Value: ${value}. '${value}' is not one of ${repr(FLAGS)}`,
    );
  }
  return YES.includes(value);
}

/** The looser yes and no of the list of servers. */
export function boolQuery({ request }: NovaContext, key: string): boolean | undefined {
  const value = request.query.get(key);
  if (value === null) return undefined;
  if (/^(1|t|true|on|y|yes)$/i.test(value)) return true;
  if (/^(0|f|false|off|n|no)$/i.test(value)) return false;
  const words = "'0', '1', 'f', 'false', 'n', 'no', 'off', 'on', 't', 'true', 'y', 'yes'";
  throw badRequest(`Unrecognized value '${value}', acceptable values are: ${words}`);
}

export function dateQuery({ request }: NovaContext, key: string): Date | undefined {
  const value = request.query.get(key);
  if (value === null) return undefined;
  const date = new Date(value);
  if (!Number.isNaN(date.getTime())) return date;
  throw badRequest(`Invalid input for query parameters ${key}. Value: ${value}. '${value}' is not a 'date-time'`);
}
