import { type Block, type Report, refuse, text } from '../chat/report.ts';
import type { Risk, Role } from './command.ts';
import type { Registry } from './registry.ts';
import { didYouMean } from './suggest.ts';
import { optionName, type Registered, type Slot, takesCloud, usageOf } from './usage.ts';

export interface HelpReader {
  /** What the person may do here; the rest is not shown. */
  may(registered: Registered): boolean;
  readonly prefix: string;
}

/** Without words: everything the person may say. With words: that command, or all that fit the words. */
export function help(registry: Registry, words: string, reader: HelpReader): Report {
  const asked = words.trim().toLowerCase().replace(/\s+/g, ' ');
  const mine = registry.commands.filter((registered) => reader.may(registered));
  if (asked === '') return overview(mine, reader);
  const bare = asked.startsWith(reader.prefix) ? asked.slice(reader.prefix.length) : asked;
  const exact = registry.commands.find(({ name, words: written }) => name === bare || written === bare);
  if (exact !== undefined) return page(exact, mine, reader);
  const found = search(mine, bare);
  return found.length > 0 ? hits(bare, found, reader) : nothing(bare, mine, reader);
}

const groups: readonly [string, (registered: Registered) => boolean][] = [
  ['Look', ({ command }) => command.kind === 'query'],
  ['Change', ({ command }) => command.kind === 'change'],
  ['Jobs and vigie itself', ({ command }) => command.kind === 'control'],
];

function overview(mine: readonly Registered[], { prefix }: HelpReader): Report {
  if (mine.length === 0) return refuse(`The policy lets you say nothing here; ${prefix}whoami shows how it knows you.`);
  const blocks = groups.flatMap(([label, belongs]): Block[] => {
    const members = mine.filter(belongs);
    return members.length === 0 ? [] : [{ kind: 'table', columns: [label, ''], rows: rowsOf(members, prefix) }];
  });
  const footer = `${prefix}help COMMAND says more; ${prefix}help WORD searches; words with spaces go in "quotes"`;
  return { title: 'What you may say here', tone: 'plain', blocks, footer };
}

function rowsOf(members: readonly Registered[], prefix: string): string[][] {
  return members.map((registered) => [prefix + usageOf(registered, 'required'), registered.command.summary]);
}

function search(mine: readonly Registered[], asked: string): Registered[] {
  const words = asked.split(' ');
  return mine.filter(({ name, command }) => {
    const prose = `${name} ${command.summary} ${(command.details ?? []).join(' ')}`.toLowerCase();
    return words.every((word) => prose.includes(word));
  });
}

function hits(asked: string, found: readonly Registered[], { prefix }: HelpReader): Report {
  const rows = rowsOf(found, prefix);
  return {
    title: `Commands about ${asked}`,
    tone: 'plain',
    blocks: [{ kind: 'table', columns: ['Command', ''], rows }],
  };
}

function nothing(asked: string, mine: readonly Registered[], { prefix }: HelpReader): Report {
  const guess = didYouMean(
    asked,
    mine.map(({ name }) => name),
  );
  return refuse(`nothing you may say here is about ${JSON.stringify(asked)}${guess || `; type ${prefix}help`}`);
}

function page(registered: Registered, mine: readonly Registered[], { prefix }: HelpReader): Report {
  const { command, name } = registered;
  const blocks: Block[] = [{ kind: 'code', text: prefix + usageOf(registered) }, text(command.summary)];
  if (command.details !== undefined) blocks.push(...command.details.map(text));
  const args = argFields(registered);
  if (args.length > 0) blocks.push({ kind: 'fields', fields: args });
  blocks.push({ kind: 'code', text: command.examples.map((example) => prefix + example).join('\n') });
  blocks.push(text(`${riskWords[command.risk]} ${roleWords[command.role]}`));
  if (!mine.includes(registered)) blocks.push(text('The policy does not let you say it here.'));
  return { title: name, tone: 'plain', blocks };
}

function argFields(registered: Registered): [string, string][] {
  const fields = registered.slots.map((slot): [string, string] => [written(slot), slot.arg.help]);
  if (!takesCloud(registered.command)) return fields;
  const several = registered.command.kind === 'query' ? 'a cloud, several as a,b or all' : 'exactly one cloud';
  return [...fields, ['--cloud CLOUD', `${several}; without it the place's own`]];
}

function written({ key, arg }: Slot): string {
  const name = optionName(key);
  const value = name.slice(2).toUpperCase();
  switch (arg.place) {
    case 'positional':
      return value;
    case 'rest':
      return `${value}...`;
    case 'flag':
      return name;
    case 'option':
      return `${name} ${value}`;
  }
}

const riskWords: Readonly<Record<Risk, string>> = {
  read: 'It only reads.',
  change: 'It changes one thing and can be undone.',
  disruptive: 'It is disruptive: servers move or pause; somebody else approves the plan first.',
  destructive: 'It is destructive: data or servers end; others approve the plan first.',
};

const roleWords: Readonly<Record<Role, string>> = {
  reader: 'Readers may say it.',
  operator: 'Operators may say it.',
  approver: 'Approvers may say it.',
  admin: 'Admins may say it.',
};
