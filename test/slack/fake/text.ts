import type { Args } from './args.ts';
import { liveTextsOf } from './blocks/texts.ts';
import type { Message, Workspace } from './state.ts';

/** Whom a message calls: `!channel`, `!here`, `!everyone`, `@U…`, `^S…`. */
export function pingsOf({ text, blocks, attachments }: Message, args?: Args): string[] {
  const live = [text, ...liveTextsOf(blocks), ...liveTextsOf(attachments)].join('\n');
  const written = [
    ...live.matchAll(/<(?:(![a-z]+)(?:\|[^>]*)?|(@[UW][A-Z0-9]+)(?:\|[^>]*)?|!subteam(\^S[A-Z0-9]+)(?:\|[^>]*)?)>/g),
  ];
  const marked = written.map(([, special, user, group]) => special ?? user ?? group ?? '');
  const asTyped = args?.flag('link_names') || args?.text('parse') === 'full';
  const typed = asTyped ? [...live.matchAll(/@(channel|here|everyone)\b/g)].map(([, whom]) => `!${whom}`) : [];
  return [...new Set([...marked, ...typed])].filter((whom) => !whom.startsWith('!date'));
}

/** What a person types, as Slack passes it on: escaped, with links, people and channels marked up. */
export function encoded(typed: string, workspace: Workspace): string {
  return typed
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/\bhttps?:\/\/[^\s|<>]+/g, (url) => `<${url}>`)
    .replace(/(?<![<\w@./:-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g, (mail) => `<mailto:${mail}|${mail}>`)
    .replace(
      /(?<![<\w@./:|-])(?:[a-z0-9-]+\.)+(?:com|org|net|io|eu|de|fr)\b(?:\/[^\s<>]*)?(?![\w|>])/g,
      (name) => `<http://${name}|${name}>`,
    )
    .replace(/(?<![<\w])@(channel|here|everyone)\b/g, '<!$1>')
    .replace(/(?<![<\w/])@([\w.-]*\w)/g, (whole, name: string) => marked(whole, mentionOf(workspace, name)))
    .replace(/(?<![<\w&/])#([\w-]*\w)/g, (whole, name: string) => {
      const channel = [...workspace.channels.values()].find((known) => known.name === name && known.kind !== 'im');
      return marked(whole, channel && `<#${channel.id}|${name}>`);
    });
}

function marked(whole: string, mark: string | undefined): string {
  return mark ?? whole;
}

function mentionOf(workspace: Workspace, name: string): string | undefined {
  const user = [...workspace.users.values()].find((known) => known.name === name);
  const group = [...workspace.groups.values()].find(({ handle }) => handle === name);
  return user ? `<@${user.id}>` : group && `<!subteam^${group.id}|@${name}>`;
}

/** What some keyboards make of quotes, dashes and dots. */
export function smart(typed: string): string {
  return typed
    .replace(/(^|\s)"/g, '$1“')
    .replaceAll('"', '”')
    .replace(/(^|\s)'/g, '$1‘')
    .replaceAll("'", '’')
    .replaceAll('--', '—')
    .replaceAll('...', '…');
}

/** What a reader sees of a text that Slack was given. */
export function decoded(text: string, workspace: Workspace): string {
  return text
    .replace(/<([^<>]*)>/g, (whole, inner: string) => spelled(inner, workspace) ?? whole)
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}

function spelled(inner: string, { users, channels, groups }: Workspace): string | undefined {
  const [address = '', label] = inner.split('|');
  if (address.startsWith('@')) return `@${users.get(address.slice(1))?.name ?? label ?? address.slice(1)}`;
  if (address.startsWith('#')) return `#${channels.get(address.slice(1))?.name ?? label ?? address.slice(1)}`;
  if (address.startsWith('!subteam^')) return `@${groups.get(address.slice(9))?.handle ?? label ?? 'group'}`;
  if (address.startsWith('!date^')) return label ?? '';
  if (address.startsWith('!')) return `@${address.slice(1)}`;
  return label ?? address;
}
