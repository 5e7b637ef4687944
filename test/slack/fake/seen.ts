import { elementsOf } from './blocks/validate.ts';
import type { Channel, Json, Message, Workspace } from './state.ts';
import { decoded } from './text.ts';

/** A message as one person sees it at one moment; a click on it later is a late click. */
export interface Seen {
  readonly ts: string;
  readonly channel: string;
  readonly thread?: string;
  readonly from: string;
  /** All of it in plain text: blocks line by line, fields, rows with ` | `, buttons as `[Approve]`. */
  readonly text: string;
  readonly buttons: readonly string[];
  /** A text beyond 4,000 characters, without blocks, is shown as so many messages, which breaks code fences. */
  readonly parts: number;
  readonly ephemeral: boolean;
  readonly edited: boolean;
  readonly files: readonly Json[];
  readonly reactions: Readonly<Record<string, readonly string[]>>;
  readonly metadata?: Json;
  readonly blocks: readonly Json[];
}

const shownWhole = 4000;

export function seenBy(user: string, channel: Channel, workspace: Workspace): Seen[] {
  return channel.messages
    .filter(({ deleted, to }) => !deleted && (to === undefined || to === user))
    .map((message) => seen(message, workspace));
}

export function seen(message: Message, workspace: Workspace): Seen {
  const { ts, channel, thread, user, to, edited, files, reactions, metadata } = message;
  const blocks = structuredClone(message.blocks);
  const names = (ids: readonly string[]) => ids.map((id) => workspace.users.get(id)?.name ?? id);
  return {
    ts,
    channel,
    ...(thread === undefined ? {} : { thread }),
    from: workspace.users.get(user)?.name ?? user,
    text: plainText(message, workspace),
    buttons: blocks.flatMap(buttonsOf).map(({ label }) => label),
    parts: blocks.length > 0 ? 1 : Math.max(1, Math.ceil(message.text.length / shownWhole)),
    ephemeral: to !== undefined,
    edited: edited !== undefined,
    files,
    reactions: Object.fromEntries([...reactions].map(([name, ids]) => [name, names(ids)])),
    ...(metadata === undefined ? {} : { metadata }),
    blocks,
  };
}

export interface Button {
  readonly label: string;
  readonly block: string;
  readonly element: Json;
}

export function buttonsOf(block: Json): Button[] {
  return elementsOf(block).flatMap((element) =>
    element['type'] === 'button' ? [{ label: textIn(element['text']), block: String(block['block_id']), element }] : [],
  );
}

/** Where there are blocks the text is only for notifications. */
export function plainText({ text, blocks, files }: Message, workspace: Workspace): string {
  const lines = blocks.length > 0 ? blocks.flatMap(linesOf) : [text];
  const attached = files.map(({ name }) => `(file ${String(name)})`);
  return [...lines, ...attached].map((line) => decoded(line, workspace)).join('\n');
}

export function linesOf(block: Json): string[] {
  switch (block['type']) {
    case 'section':
      return [textIn(block['text']), ...list(block['fields']).map(textIn), buttonLine(block)].filter(
        (line) => line !== '',
      );
    case 'context':
      return [
        list(block['elements'])
          .map((element) => textIn(element))
          .join(' '),
      ];
    case 'actions':
      return [buttonLine(block)];
    case 'table':
      return rowsOf(block).map((row) => row.join(' | '));
    case 'rich_text':
      return [richText(block)];
    case 'divider':
      return ['---'];
    default:
      return [textIn(block['text'])];
  }
}

export function rowsOf(table: Json): string[][] {
  return (table['rows'] as Json[][]).map((row) => row.map((cell) => textIn(cell) || richText(cell))); // checked by the schema
}

function buttonLine(block: Json): string {
  return buttonsOf(block)
    .map(({ label }) => `[${label}]`)
    .join(' ');
}

/** The text of a text object, a cell, an element; a plain string is itself. */
export function textIn(object: unknown): string {
  if (typeof object === 'string') return object;
  if (typeof object !== 'object' || object === null) return '';
  if ('text' in object) return textIn(object.text);
  return 'alt_text' in object ? textIn(object.alt_text) : '';
}

export function richText(block: Json): string {
  const inner = list(block['elements']);
  if (inner.length > 0) return inner.map(richText).join(block['type'] === 'rich_text' ? '\n' : '');
  if (block['type'] === 'user') return `<@${String(block['user_id'])}>`;
  if (block['type'] === 'channel') return `<#${String(block['channel_id'])}>`;
  if (block['type'] === 'broadcast') return `<!${String(block['range'])}>`;
  if (block['type'] === 'emoji') return `:${String(block['name'])}:`;
  return textIn(block) || String(block['url'] ?? '');
}

export function list(value: unknown): Json[] {
  return Array.isArray(value) ? value : [];
}
