import type { Arg, Command } from './command.ts';

/** A command as the registry holds it: `name` is its literal words, unique; `words` is how the line is written. */
export interface Registered {
  readonly name: string;
  readonly words: string;
  /** `words`, one by one. */
  readonly tokens: readonly Token[];
  readonly slots: readonly Slot[];
  readonly command: Command;
}

/** What may be said with a command, in the order the usage line shows it. */
export interface Slot {
  readonly key: string;
  readonly arg: Arg;
  /** Stands in the middle of the command's words. */
  readonly placed: boolean;
  readonly required: boolean;
  /** Its value where nothing is typed, if it is not required. */
  readonly untyped: unknown;
}

export type Token = { readonly literal: string } | { readonly slot: string };

export function tokensOf(words: string): Token[] {
  return words.split(' ').map((word) => {
    const name = /^<(.+)>$/.exec(word)?.[1];
    return name === undefined ? { literal: word } : { slot: name };
  });
}

export function slotsOf(tokens: readonly Token[], { args }: Command): Slot[] {
  const placed = new Set(tokens.flatMap((token) => ('slot' in token ? [token.slot] : [])));
  return Object.entries(args).map(([key, arg]) => {
    const untyped = arg.schema.safeParse(undefined);
    const required = arg.place !== 'flag' && !untyped.success;
    return { key, arg, placed: placed.has(key), required, untyped: untyped.data };
  });
}

/** `breakGlass` is typed `--break-glass`. */
export function optionName(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** Commands that reach a cloud take `--cloud`. */
export function takesCloud(command: Command): boolean {
  return command.kind !== 'control';
}

/** `maintenance HOST [--reason REASON] [--cloud CLOUD]`; `required` leaves out what need not be said. */
export function usageOf(registered: Registered, show: 'all' | 'required' = 'all'): string {
  const { slots, tokens } = registered;
  const words = tokens.map((token) => ('slot' in token ? shout(token.slot) : token.literal));
  const free = slots.filter(({ placed, arg }) => !placed && (arg.place === 'positional' || arg.place === 'rest'));
  const isOption = ({ arg }: Slot) => arg.place === 'option' || arg.place === 'flag';
  const options = slots.filter((slot) => isOption(slot) && (show === 'all' || slot.required)).map(optionUsage);
  const cloud = show === 'all' && takesCloud(registered.command) ? ['[--cloud CLOUD]'] : [];
  const bare = free.map((slot) =>
    optional(slot, slot.arg.place === 'rest' ? `${shout(slot.key)}...` : shout(slot.key)),
  );
  // A rest swallows what follows it, so options are shown before.
  const rest = free.at(-1)?.arg.place === 'rest' ? bare.splice(-1) : [];
  return [...shortened(words, registered), ...bare, ...options, ...cloud, ...rest].join(' ');
}

/** `maintenance [list]`: what need not be said where there is a short form. */
function shortened(words: readonly string[], { command }: Registered): readonly string[] {
  const said = command.short?.split(' ').length ?? words.length;
  return said === words.length ? words : [...words.slice(0, said), `[${words.slice(said).join(' ')}]`];
}

function optionUsage(slot: Slot): string {
  const name = optionName(slot.key);
  return slot.arg.place === 'flag' ? `[${name}]` : optional(slot, `${name} ${shout(slot.key)}`);
}

function optional(slot: Slot, written: string): string {
  return slot.required ? written : `[${written}]`;
}

function shout(key: string): string {
  return optionName(key).slice(2).toUpperCase();
}
