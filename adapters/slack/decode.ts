import { unescaped } from './text.ts';

/**
 * What was typed, from what Slack makes of it: `&lt;`, `<http://h|h>`, `<@U1>`, `<#C1|ops>`, code that was pasted along
 * with its backticks. A person stays an id: names are nobody. Typed angle brackets arrive escaped, so none is taken for
 * a link.
 */
export function decode(text: string): string {
  const spelled = text.replace(/<([^<>]*)>/g, (_, inner: string) => named(inner));
  return unescaped(spelled.replace(/`([^`\n]+)`/g, '$1'));
}

function named(inner: string): string {
  const [, sign = '', target = '', label] = /^([@#!]?)([^|]*)(?:\|(.*))?$/s.exec(inner) ?? [];
  const shown = label === undefined || label === '' ? null : label;
  switch (sign) {
    case '@':
      return `@${target}`;
    case '#':
      return `#${shown ?? target}`;
    case '!':
      return shown ?? `@${target.replace(/^subteam\^/, '')}`;
    default:
      return shown ?? target.replace(/^(mailto|tel):/, '');
  }
}

/** The words behind a mention of this user; null where the text does not begin with one. */
export function behindMention(text: string, user: string): string | null {
  const [, mentioned, rest = ''] = /^\s*<@([A-Z0-9]+)(?:\|[^>]*)?>[:,]?\s*(.*)$/s.exec(text) ?? [];
  return mentioned === user ? rest : null;
}
