import type { Word } from '../chat/parse.ts';
import { nearest } from './suggest.ts';
import type { Registered } from './usage.ts';

/** One line for words that are no command: the one that was meant, or those that begin alike. */
export function unknownCommand(commands: readonly Registered[], words: readonly Word[]): string {
  const said = words.filter(({ text }) => !text.startsWith('-')).map(({ text }) => text.toLowerCase());
  const first = said[0] ?? '';
  const siblings = commands.filter(({ name }) => name.split(' ')[0] === first);
  const meant = nearestName(siblings.length > 0 ? siblings : commands, said);
  if (meant !== null) return `there is no command ${JSON.stringify(spoken(said, meant))}: did you mean ${meant.name}?`;
  if (siblings.length > 0)
    return `${first} needs one more word: ${siblings.map((sibling) => sibling.words).join(', ')}`;
  return `there is no command ${JSON.stringify(first)}: type help`;
}

/** Compared word by word, the longest name first. */
function nearestName(commands: readonly Registered[], said: readonly string[]): Registered | null {
  const plain = commands.filter(({ name, words }) => words.startsWith(name));
  for (let count = Math.min(3, said.length); count > 0; count -= 1) {
    const typed = said.slice(0, count);
    const alike = plain.map(({ name }) => name).filter((name) => isAlike(name.split(' '), typed));
    const name = nearest(typed.join(' '), alike);
    if (name !== null) return plain.find((registered) => registered.name === name) ?? null;
  }
  return null;
}

function isAlike(words: readonly string[], typed: readonly string[]): boolean {
  return words.length === typed.length && words.every((word, at) => nearest(typed[at] ?? '', [word]) !== null);
}

function spoken(said: readonly string[], meant: Registered): string {
  return said.slice(0, meant.name.split(' ').length).join(' ');
}
