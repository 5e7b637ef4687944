import { buttonsOf, list, richText, rowsOf, textIn } from './seen.ts';
import type { Json, Message, Workspace } from './state.ts';
import { decoded } from './text.ts';

export function bubble(message: Message, workspace: Workspace): string {
  const { user, blocks, text, to, edited, ts, files, reactions } = message;
  const who = workspace.users.get(user);
  const name = who?.name ?? user;
  const inner =
    blocks.length > 0 ? blocks.map((block) => blockHtml(block, workspace)).join('') : textHtml(text, workspace);
  const app = who?.bot ? ' <span class="app">APP</span>' : '';
  const only =
    to === undefined ? '' : `<div class="small">Only visible to @${escaped(workspace.users.get(to)?.name ?? to)}</div>`;
  const time = new Date(Number(ts) * 1000).toISOString().slice(11, 16);
  return `<div class="message"><div class="face" style="background:${colour(name)}">${escaped(name.slice(0, 1).toUpperCase())}</div><div class="body">${only}
<div><span class="name">${escaped(name)}</span>${app} <span class="time">${time}</span></div>${inner}${edited && !who?.bot ? '<span class="small">(edited)</span>' : ''}
${files.map((file) => `<div class="file">📄 ${escaped(String(file['title']))}</div>`).join('')}${[...reactions].map(reactionHtml).join('')}</div></div>`;
}

export function blockHtml(block: Json, workspace: Workspace): string {
  switch (block['type']) {
    case 'header':
      return `<div class="header">${escaped(textIn(block['text']))}</div>`;
    case 'divider':
      return '<hr>';
    case 'section':
      return sectionHtml(block, workspace);
    case 'context':
      return `<div class="context">${list(block['elements'])
        .map((element) => objectHtml(element, workspace))
        .join(' ')}</div>`;
    case 'actions':
      return `<div class="actions">${buttonsHtml(block)}</div>${confirmsHtml(block)}`;
    case 'table':
      return `<table>${rowsOf(block)
        .map((row) => rowHtml(row, block))
        .join('')}</table>`;
    case 'rich_text':
      return `<div class="text">${textHtml(richText(block), workspace)}</div>`;
    default:
      return `<div class="text">${textHtml(textIn(block['text']), workspace)}</div>`;
  }
}

function sectionHtml(block: Json, workspace: Workspace): string {
  const text = block['text'] === undefined ? '' : objectHtml(block['text'], workspace);
  const fields = list(block['fields']).map((field) => `<div>${objectHtml(field, workspace)}</div>`);
  const grid = fields.length > 0 ? `<div class="fields">${fields.join('')}</div>` : '';
  return `<div class="section"><div>${text}${grid}</div><div>${buttonsHtml(block)}</div></div>${confirmsHtml(block)}`;
}

function rowHtml(row: readonly string[], table: Json): string {
  const columns = list(table['column_settings']);
  const cells = row.map((cell, index) => {
    const align = String(columns[index]?.['align'] ?? 'left');
    return `<td style="text-align:${align}">${escaped(cell)}</td>`;
  });
  return `<tr>${cells.join('')}</tr>`;
}

function buttonsHtml(block: Json): string {
  return buttonsOf(block)
    .map(({ label, element }) => `<button class="${String(element['style'] ?? '')}">${escaped(label)}</button>`)
    .join('');
}

/** What a click on a button asks first. */
function confirmsHtml(block: Json): string {
  return buttonsOf(block)
    .flatMap(({ label, element }) =>
      element['confirm'] === undefined ? [] : [{ label, dialog: element['confirm'] as Json }],
    )
    .map(({ label, dialog }) => {
      const [title, text, yes, no] = ['title', 'text', 'confirm', 'deny'].map((part) => escaped(textIn(dialog[part])));
      return `<div class="confirm"><span class="small">${escaped(label)} asks first:</span> <b>${title}</b><br>${text} <button>${no}</button> <button class="${String(dialog['style'] ?? 'primary')}">${yes}</button></div>`;
    })
    .join('');
}

/** A text object: plain text is what it is, mrkdwn is drawn. */
function objectHtml(object: unknown, workspace: Workspace): string {
  const plain = typeof object === 'object' && object !== null && 'type' in object && object.type === 'plain_text';
  const drawn = plain ? spelled(textIn(object), workspace) : textHtml(textIn(object), workspace);
  return `<span class="text">${drawn}</span>`;
}

/** Slack's mrkdwn: code first, since nothing is marked inside it. */
function textHtml(text: string, workspace: Workspace): string {
  return text
    .split(/(```[\s\S]*?```|`[^`\n]+`)/)
    .map((part) => {
      if (part.length > 6 && part.startsWith('```'))
        return `<pre>${spelled(part.slice(3, -3).replace(/^\n/, ''), workspace)}</pre>`;
      if (part.length > 2 && part.startsWith('`')) return `<code>${spelled(part.slice(1, -1), workspace)}</code>`;
      return marked(part, workspace);
    })
    .join('');
}

function marked(text: string, workspace: Workspace): string {
  return text
    .split(/(<[^<>]+>)/)
    .map((part) => {
      if (!/^<[^<>]+>$/.test(part)) return emphasised(spelled(part, workspace));
      const call = /^<[@#!]/.test(part) && !part.startsWith('<!date');
      return call
        ? `<span class="mention">${spelled(part, workspace)}</span>`
        : `<a href="#">${spelled(part, workspace)}</a>`;
    })
    .join('');
}

function emphasised(html: string): string {
  return html
    .replace(/(^|[\s(])\*([^*\n]+)\*(?=$|[\s.,:;!?)])/gm, '$1<b>$2</b>')
    .replace(/(^|[\s(])_([^_\n]+)_(?=$|[\s.,:;!?)])/gm, '$1<i>$2</i>')
    .replace(/(^|[\s(])~([^~\n]+)~(?=$|[\s.,:;!?)])/gm, '$1<s>$2</s>')
    .replace(/:([a-z0-9_+-]+):/g, (whole, name: string) => emoji[name] ?? whole);
}

function reactionHtml([name, users]: [string, string[]]): string {
  return `<span class="reaction">${emoji[name] ?? `:${escaped(name)}:`} ${users.length}</span>`;
}

function spelled(text: string, workspace: Workspace): string {
  return escaped(decoded(text, workspace));
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

function colour(name: string): string {
  const hue = [...name].reduce((sum, letter) => sum + letter.charCodeAt(0) * 47, 0) % 360;
  return `hsl(${hue} 45% 45%)`;
}

const emoji: Readonly<Record<string, string>> = {
  white_check_mark: '✅',
  heavy_check_mark: '✔️',
  '+1': '👍',
  '-1': '👎',
  x: '❌',
  warning: '⚠️',
  eyes: '👀',
  hourglass_flowing_sand: '⏳',
  lock: '🔒',
  no_entry: '⛔',
};
