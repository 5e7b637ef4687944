import { blockHtml, bubble } from './page-blocks.ts';
import { list } from './seen.ts';
import type { Channel, Json, Message, Workspace } from './state.ts';

/** A channel as its people see it, for a browser: what was said to one person alone too, marked as such. */
export function page(channel: Channel, workspace: Workspace): string {
  const shown = channel.messages.filter(({ deleted }) => !deleted);
  const roots = shown.filter(({ thread }) => thread === undefined);
  const rows = roots.map((root) => withThread(root, shown, workspace)).join('\n');
  return paper(`# ${channel.name}`, rows);
}

/** The Home tab that one person sees. */
export function homePage(view: Json, workspace: Workspace): string {
  const blocks = list(view['blocks']).map((block) => blockHtml(block, workspace));
  return paper(workspace.app.name, blocks.join('\n'));
}

function paper(title: string, body: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title><style>${style}</style></head>
<body><h1>${title}</h1>${body}</body></html>`;
}

function withThread(root: Message, shown: readonly Message[], workspace: Workspace): string {
  const answers = shown.filter(({ thread }) => thread === root.ts);
  const thread = answers.map((answer) => bubble(answer, workspace)).join('\n');
  return `${bubble(root, workspace)}${thread === '' ? '' : `<div class="thread">${thread}</div>`}`;
}

const style = `
body { font: 15px/1.46 Lato, "Helvetica Neue", Arial, sans-serif; color: #1d1c1d; margin: 0; padding: 0 20px 20px; max-width: 760px; }
h1 { font-size: 18px; border-bottom: 1px solid #ddd; padding: 12px 0; margin: 0 0 8px; }
.message { display: flex; gap: 8px; padding: 8px 0; }
.face { width: 36px; height: 36px; border-radius: 4px; color: #fff; display: grid; place-items: center; font-weight: 700; flex: none; }
.body { min-width: 0; flex: 1; }
.name { font-weight: 900; }
.app { font-size: 10px; background: #ddd; border-radius: 2px; padding: 1px 3px; vertical-align: 2px; color: #616061; }
.time, .small, .context { color: #616061; font-size: 12px; }
.context { font-size: 13px; margin: 4px 0; }
.thread { margin-left: 44px; border-left: 2px solid #ddd; padding-left: 12px; }
.header { font-size: 18px; font-weight: 900; margin: 6px 0; }
.section { margin: 4px 0; display: flex; gap: 12px; justify-content: space-between; }
.text { white-space: pre-wrap; overflow-wrap: anywhere; }
.fields { display: grid; grid-template-columns: 1fr 1fr; gap: 6px 16px; margin-top: 4px; }
.actions { display: flex; flex-wrap: wrap; gap: 8px; margin: 8px 0; }
button { font: 700 13px/1 inherit; font-family: inherit; border: 1px solid #bbb; background: #fff; border-radius: 4px; padding: 8px 12px; color: inherit; }
button.primary { background: #007a5a; border-color: #007a5a; color: #fff; }
button.danger { background: #e01e5a; border-color: #e01e5a; color: #fff; }
.confirm { border: 1px solid #ddd; border-radius: 6px; padding: 8px 12px; margin: 4px 0; font-size: 13px; background: #fafafa; }
table { border-collapse: collapse; margin: 6px 0; font-size: 13px; display: block; overflow-x: auto; }
td { border: 1px solid #ddd; padding: 5px 10px; white-space: nowrap; } tr:first-child td { font-weight: 700; background: #f8f8f8; }
code { font: 12px/1.5 Monaco, Menlo, Consolas, monospace; color: #c01343; background: #f6f6f6; border: 1px solid #ddd; border-radius: 3px; padding: 1px 3px; }
pre { font: 12px/1.5 Monaco, Menlo, Consolas, monospace; background: #f8f8f8; border: 1px solid #ddd; border-radius: 4px; padding: 8px; margin: 4px 0; overflow-x: auto; }
blockquote { border-left: 4px solid #ddd; margin: 4px 0; padding-left: 12px; }
hr { border: 0; border-top: 1px solid #ddd; margin: 12px 0; }
.mention { background: #e8f5fa; color: #1264a3; border-radius: 3px; padding: 0 2px; }
.reaction { border: 1px solid #ddd; border-radius: 12px; padding: 1px 8px; font-size: 12px; margin-right: 4px; }
.file { border: 1px solid #ddd; border-radius: 6px; padding: 8px 12px; margin: 4px 0; display: inline-block; }
`;
