import type { Word } from '../chat/parse.ts';
import { didYouMean } from './suggest.ts';
import { optionName, type Registered, takesCloud } from './usage.ts';

/** The words of a line, sorted by what one command makes of them. */
export interface Sorted {
  readonly registered: Registered;
  /** Words that are no options; the command's own first. */
  readonly bare: readonly Word[];
  readonly rest: readonly Word[];
  /** What was typed, by option name; `true` for a flag. */
  readonly options: ReadonlyMap<string, string | true>;
  /** What is wrong with the options, in the order typed. */
  readonly problems: readonly string[];
}

export function sort(registered: Registered, words: readonly Word[]): Sorted {
  const bare: Word[] = [];
  const options = new Map<string, string | true>();
  const problems: string[] = [];
  const known = knownOptions(registered);
  const restAt = restStart(registered);
  let ended = false;
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at];
    if (word === undefined) break;
    const isOption = !ended && !word.quoted && word.text.startsWith('--');
    if (isOption && word.text === '--') ended = true;
    else if (isOption) at += takeOption({ words, at, known, options, problems });
    else if (bare.length === restAt) {
      const rest = words.slice(at);
      if (!ended) problems.push(...late(rest, known));
      return { registered, bare, rest, options, problems };
    } else bare.push(word);
  }
  return { registered, bare, rest: [], options, problems };
}

/** Options by name; `flag` takes no value. */
function knownOptions({ slots, command }: Registered): Map<string, 'option' | 'flag'> {
  const known = new Map<string, 'option' | 'flag'>();
  for (const { key, arg } of slots) {
    if (arg.place === 'option' || arg.place === 'flag') known.set(optionName(key), arg.place);
  }
  if (takesCloud(command)) known.set('--cloud', 'option');
  return known;
}

/** How many bare words come before a rest; -1 without one. */
function restStart({ slots, tokens }: Registered): number {
  if (!slots.some(({ arg }) => arg.place === 'rest')) return -1;
  const positionals = slots.filter(({ arg, placed }) => arg.place === 'positional' && !placed);
  return tokens.length + positionals.length;
}

/** An option of the command's own behind the first word of a rest was meant as an option. */
function late(rest: readonly Word[], known: ReadonlyMap<string, unknown>): string[] {
  const word = rest.find(({ text, quoted }) => !quoted && known.has(text.split('=')[0] ?? text));
  return word === undefined ? [] : [`${word.text} comes before the words: put it right behind the command`];
}

interface Taking {
  readonly words: readonly Word[];
  readonly at: number;
  readonly known: ReadonlyMap<string, 'option' | 'flag'>;
  readonly options: Map<string, string | true>;
  readonly problems: string[];
}

/** Returns how many more words it took. */
function takeOption({ words, at, known, options, problems }: Taking): 0 | 1 {
  const text = words[at]?.text ?? '';
  const equals = text.indexOf('=');
  const name = (equals === -1 ? text : text.slice(0, equals)).toLowerCase();
  const kind = known.get(name);
  if (kind === undefined) problems.push(unknownOption(name, known));
  else if (options.has(name)) problems.push(`${name} is given twice: keep one`);
  if (kind === 'flag' && equals !== -1) problems.push(`${name} takes no value: type ${name} alone`);
  if (kind !== 'option' || equals !== -1) {
    options.set(name, kind === 'option' ? text.slice(equals + 1) : true);
    return 0;
  }
  const value = words[at + 1];
  const missing = value === undefined || (!value.quoted && value.text.startsWith('--'));
  if (missing) problems.push(`${name} needs a value: type ${name} ${name.slice(2).toUpperCase()}`);
  else options.set(name, value.text);
  return missing ? 0 : 1;
}

function unknownOption(name: string, known: ReadonlyMap<string, unknown>): string {
  if (name === '--help') return 'type help and the command';
  const names = [...known.keys()];
  const near = didYouMean(name, names);
  if (near !== '') return `there is no ${name}${near}`;
  return names.length === 0
    ? `there is no ${name}: it takes no options`
    : `there is no ${name}: it takes ${names.join(', ')}`;
}
