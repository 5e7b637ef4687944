import type { Registry } from './registry.ts';
import { optionName, type Registered, type Slot, takesCloud } from './usage.ts';

/** Which rule for command files this one breaks, as one sentence; null if none. */
export function brokenRule(registered: Registered, registry: Registry): string | null {
  for (const rule of [words, short, unique, summary, placeholders, positionals, options, examples]) {
    const why = rule(registered, registry);
    if (why !== null) return why;
  }
  return null;
}

function words(registered: Registered): string | null {
  if (/^[a-z][a-z0-9-]*( ([a-z][a-z0-9-]*|<[a-zA-Z]+>))*$/.test(registered.words)) return null;
  return `its words ${JSON.stringify(registered.words)} are not lower-case words with <placeholders>`;
}

function short({ words: written, command }: Registered): string | null {
  if (command.short === undefined) return null;
  const fits = written.startsWith(`${command.short} `) && !command.short.includes('<');
  return fits ? null : `its short form ${JSON.stringify(command.short)} is not the beginning of its words`;
}

function unique(registered: Registered, registry: Registry): string | null {
  const twin = registry.commands.find((other) => other !== registered && other.name === registered.name);
  return twin === undefined ? null : `another file is ${JSON.stringify(registered.name)} too`;
}

function summary({ command }: Registered): string | null {
  return /^\S.*[^.\s]$/.test(command.summary) ? null : 'its summary is one line without a full stop at its end';
}

function placeholders({ tokens, command }: Registered): string | null {
  const names = tokens.flatMap((token) => ('slot' in token ? [token.slot] : []));
  const unknown = names.find((name) => command.args[name]?.place !== 'positional');
  return unknown === undefined ? null : `<${unknown}> in its words is not one of its positional args`;
}

function positionals({ slots }: Registered): string | null {
  const bare = slots.filter((slot) => !slot.placed && isBare(slot));
  if (bare.slice(0, -1).some(({ arg }) => arg.place === 'rest')) return 'a rest takes all words, so it is the last arg';
  const late = bare.find((slot, index) => slot.required && bare.slice(0, index).some((before) => !before.required));
  return late === undefined ? null : `${late.key} must be given but stands behind an arg that need not`;
}

function isBare({ arg }: Slot): boolean {
  return arg.place === 'positional' || arg.place === 'rest';
}

function options({ slots, command }: Registered): string | null {
  if (takesCloud(command) && 'cloud' in command.args) return '--cloud is there by itself: take it out of args';
  const badFlag = slots.find(({ arg }) => arg.place === 'flag' && !isFlag(arg.schema));
  if (badFlag !== undefined) return `the flag ${optionName(badFlag.key)} must take true and nothing`;
  return null;
}

function isFlag(schema: Slot['arg']['schema']): boolean {
  return schema.safeParse(true).success && schema.safeParse(undefined).success;
}

function examples({ name, command }: Registered, registry: Registry): string | null {
  for (const example of command.examples) {
    const read = registry.interpret(example);
    if (!read.ok) return `its example ${JSON.stringify(example)} does not parse: ${read.problem.title}`;
    if (read.name !== name) return `its example ${JSON.stringify(example)} says ${JSON.stringify(read.name)}`;
  }
  return null;
}
