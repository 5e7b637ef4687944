import { type Parsed, quoteWords, type Word } from '../chat/parse.ts';
import { type Report, refuse } from '../chat/report.ts';
import type { Args, Command, Values } from './command.ts';
import { type Sorted, sort } from './sorted.ts';
import { unknownCommand } from './unknown.ts';
import { optionName, type Registered, type Slot, takesCloud, usageOf } from './usage.ts';
import { humanError } from './wording.ts';

export type Interpreted =
  | {
      readonly ok: true;
      readonly name: string;
      readonly command: Command;
      readonly values: Values<Args>;
      /** From `--cloud a,b` or `--cloud all`; empty where the place decides. */
      readonly clouds: readonly string[];
      /** Canonical, without prefix: said again it means the same. */
      readonly line: string;
    }
  | { readonly ok: false; readonly problem: Report };

interface Known {
  readonly commands: readonly Registered[];
  /** Those whose first word it is. */
  beginning(word: string): readonly Registered[];
}

/** Which command a line says, with which values; or the one line that tells what to type. */
export function interpret(known: Known, parsed: Parsed): Interpreted {
  if (parsed.kind === 'problem') return { ok: false, problem: refuse(parsed.problem) };
  if (parsed.kind === 'none') return { ok: false, problem: refuse('a line begins with a command; type help') };
  const found = longest(known, parsed.words);
  if (found === null) return { ok: false, problem: refuse(unknownCommand(known.commands, parsed.words)) };
  const read = valuesOf(found);
  if (typeof read === 'string') return { ok: false, problem: refuse(`${found.registered.name}: ${read}`) };
  const { name, command } = found.registered;
  return { ok: true, name, command, ...read, line: parsed.canonical };
}

/** Most literal words wins: `maintenance <host> off` before `maintenance`. */
function longest(known: Known, words: readonly Word[]): Sorted | null {
  const matching = known
    .beginning(words[0]?.text.toLowerCase() ?? '')
    .map((registered) => sort(registered, words))
    .filter((sorted) => matches(sorted) || isShort(sorted));
  const literals = ({ registered }: Sorted) => registered.name.split(' ').length;
  return matching.sort((a, b) => literals(b) - literals(a))[0] ?? null;
}

function matches({ registered, bare }: Sorted): boolean {
  return registered.tokens.every((token, index) => {
    const word = bare[index];
    if (word === undefined) return false;
    return 'slot' in token || (!word.quoted && word.text.toLowerCase() === token.literal);
  });
}

/** A wrong option makes it no short form: it may have been meant for the command that is longer. */
function isShort({ registered, bare, problems }: Sorted): boolean {
  const said = bare.map(({ text, quoted }) => (quoted ? '' : text.toLowerCase())).join(' ');
  return problems.length === 0 && said === registered.command.short;
}

interface Read {
  readonly values: Values<Args>;
  readonly clouds: readonly string[];
}

/** The values, or what is wrong with the first thing that is. */
function valuesOf(sorted: Sorted): Read | string {
  const { registered, problems } = sorted;
  if (problems[0] !== undefined) return problems[0];
  const raw = rawValues(sorted);
  if (typeof raw === 'string') return raw;
  const values: Record<string, unknown> = {};
  for (const slot of registered.slots) {
    const typed = raw.get(slot.key);
    if (typed === undefined) {
      if (slot.required) return `${shown(slot)} is missing; type: ${usageOf(registered)}`;
      values[slot.key] = slot.untyped;
      continue;
    }
    const read = slot.arg.schema.safeParse(typed, { error: humanError });
    if (!read.success) return badValue(slot, typed, read.error.issues[0]?.message);
    values[slot.key] = read.data;
  }
  const clouds = cloudsOf(sorted);
  return typeof clouds === 'string' ? clouds : { values, clouds };
}

function shown(slot: Slot): string {
  return slot.arg.place === 'option' || slot.arg.place === 'flag'
    ? optionName(slot.key)
    : optionName(slot.key).slice(2).toUpperCase();
}

function badValue(slot: Slot, typed: string | true, message: string | undefined): string {
  const said = typeof typed === 'string' ? ` ${JSON.stringify(typed)}` : '';
  return `${shown(slot)}${said}: ${message ?? 'this value is not possible'}`;
}

/** What was typed for each slot. */
function rawValues({ registered, bare, rest, options }: Sorted): Map<string, string | true> | string {
  const raw = new Map<string, string | true>();
  const { tokens, slots } = registered;
  const left = bare.slice(tokens.length);
  for (const [index, token] of tokens.entries()) if ('slot' in token) raw.set(token.slot, bare[index]?.text ?? '');
  for (const { key, arg, placed } of slots) {
    if (arg.place === 'positional' && !placed) keep(raw, key, left.shift()?.text);
    if (arg.place === 'option' || arg.place === 'flag') keep(raw, key, options.get(optionName(key)));
    if (arg.place === 'rest') keep(raw, key, restText(rest));
  }
  const extra = left[0];
  return extra === undefined ? raw : tooMany(registered, extra);
}

function keep(raw: Map<string, string | true>, key: string, typed: string | true | undefined): void {
  if (typed !== undefined) raw.set(key, typed);
}

/** One quoted text is meant without its quotes; words are kept as a line. */
function restText(rest: readonly Word[]): string | undefined {
  if (rest.length === 0) return undefined;
  const [first] = rest;
  return rest.length === 1 && first?.quoted ? first.text : quoteWords(rest);
}

function tooMany(registered: Registered, extra: Word): string {
  return `${JSON.stringify(extra.text)} is one word too many; type: ${usageOf(registered)}`;
}

function cloudsOf({ registered, options }: Sorted): readonly string[] | string {
  const typed = takesCloud(registered.command) ? options.get('--cloud') : undefined;
  if (typeof typed !== 'string') return [];
  const names = [...new Set(typed.split(',').map((name) => name.trim()))];
  const bad = names.find((name) => !/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name));
  if (bad !== undefined) return `--cloud ${JSON.stringify(typed)}: type a cloud's name, several as a,b or all`;
  if (registered.command.kind === 'query') return names.includes('all') ? ['all'] : names;
  if (names.length > 1 || names[0] === 'all')
    return `it changes something, so --cloud names exactly one cloud, not ${names.join(',')}`;
  return names;
}
