import { createHash } from 'node:crypto';
import type { Block, Report, Tone } from '../../src/chat/report.ts';
import { blocksOf, counts, isFormat, plain, prose, stepLine, textOf, urgent } from './blocks.ts';
import { limits, type SlackBlock, weightOf } from './limits.ts';
import { isButton, replyBlocks } from './replies.ts';
import { escaped, line, short } from './text.ts';

export interface Look {
  /** Mentions of this workspace ring: `slack:T1/S0ONCALL`. */
  readonly team: string;
  /** A card whose steps move: it shows what moves, and is never worth a file. */
  readonly live: boolean;
}

export interface TextFile {
  /** The same content has the same name. */
  readonly name: string;
  readonly content: string;
}

export interface Rendered {
  readonly text: string;
  readonly blocks: readonly SlackBlock[];
  /** All of it, where the blocks hold only a summary. */
  readonly file: TextFile | null;
}

/** A report as Slack takes it, whatever is in it: pure, within every limit; what does not fit is summed up beside a file. */
export function render(report: Report, look: Look): Rendered {
  const text = short(`${tones[report.tone]}${line(report.title)}`, limits.fallback);
  const whole = [
    ...titleBlocks(report, line(report.title)),
    ...report.blocks.flatMap((block) => blocksOf(block, look)),
    ...closing(report, look),
  ];
  if (fits(whole)) return { text: escaped(text), blocks: whole, file: null };
  const file = look.live ? null : fileOf(report);
  return { text: escaped(text), blocks: summary(report, look, file), file };
}

/** Without blocks: the beginning of its words, and a file with all of them where they are longer. */
export function inWords(report: Report, { live }: Look): Rendered {
  const words = wordsOf(report);
  const text = short(words, limits.words);
  return { text: escaped(text), blocks: [], file: live || text === words ? null : fileOf(report) };
}

/** The report in plain words, for who reads no blocks. */
export function wordsOf(report: Report): string {
  return [
    `${tones[report.tone]}${line(report.title)}`,
    ...report.blocks.flatMap(textOf),
    ...(report.replies ?? []).map(({ label, line: said }) => `${line(label)}: ${line(said)}`),
    ...(report.footer === undefined || report.footer === '' ? [] : [line(report.footer)]),
  ].join('\n');
}

function fits(blocks: readonly SlackBlock[]): boolean {
  return blocks.length <= limits.blocks && weightOf(blocks) <= limits.message;
}

const tones: Readonly<Record<Tone, string>> = { plain: '', good: '✅ ', warn: '⚠️ ', bad: '❌ ' };

function titleBlocks({ tone }: Report, title: string): SlackBlock[] {
  const told = `${tones[tone]}${title}`;
  if (isFormat(title) || escaped(title).length > limits.section) return prose(told);
  const text = `${tones[tone]}*${escaped(title)}*`;
  return [{ type: 'section', text: { type: 'mrkdwn', text, verbatim: true } }];
}

function closing(report: Report, look: Look): SlackBlock[] {
  return [...callBlocks(report, look), ...replyBlocks(report), ...footBlocks(report)];
}

/** The only mentions vigie ever makes: whom the policy calls, here by id. */
function callBlocks({ calls = [] }: Report, { team }: Look): SlackBlock[] {
  const own = `slack:${team}/`;
  const ids = calls.flatMap((call) => (call.startsWith(own) ? [call.slice(own.length)] : []));
  const mentions = ids.flatMap((id) =>
    /^S[A-Z0-9]+$/.test(id) ? [`<!subteam^${id}>`] : /^[UW][A-Z0-9]+$/.test(id) ? [`<@${id}>`] : [],
  );
  if (mentions.length === 0) return [];
  return [{ type: 'section', text: { type: 'mrkdwn', text: mentions.slice(0, 30).join(' ') } }];
}

function footBlocks({ footer = '' }: Report): SlackBlock[] {
  const said = line(footer);
  if (footer.trim() === '' || said === '–') return [];
  return escaped(said).length <= limits.context ? [{ type: 'context', elements: [plain(said)] }] : prose(said);
}

/** Of so much a summary tells. */
const summaryRows = 12;
const summaryReplies = 6;
const summaryText = 3500;

/** What matters first: what went wrong, prose, and the beginnings of lists. */
function summary(report: Report, look: Look, file: TextFile | null): SlackBlock[] {
  const steps = report.blocks.flatMap((block) => (block.kind === 'steps' ? block.steps : []));
  const trouble = steps.filter(({ state }) => urgent.has(state)).slice(0, summaryRows);
  const counted = steps.length === 0 ? [] : [counts(steps)];
  const told = [...counted, ...trouble.map((step) => short(stepLine(step), 120))];
  const where = file === null ? 'This is a summary: the job shows the rest.' : `All of it: ${file.name}`;
  const fewer: Report = {
    ...report,
    replies: (report.replies ?? []).filter(isButton).slice(0, summaryReplies),
    footer: short(line(report.footer ?? ''), 300),
  };
  const body = report.blocks.filter(({ kind }) => kind !== 'steps').flatMap((block) => beginning(block, look));
  return [
    ...titleBlocks(report, short(line(report.title), 300)),
    ...prose(told.join('\n')),
    ...firstOf(body, summaryText),
    ...prose(where),
    ...closing(fewer, look),
  ];
}

/** As many blocks as have so much text together. */
function firstOf(blocks: readonly SlackBlock[], most: number): SlackBlock[] {
  let weight = 0;
  return blocks.slice(0, 20).filter((block) => {
    weight += weightOf(block);
    return weight <= most;
  });
}

function beginning(block: Block, look: Look): SlackBlock[] {
  switch (block.kind) {
    case 'text':
      return blocksOf({ kind: 'text', text: short(block.text, 1000) }, look);
    case 'code':
      return blocksOf({ kind: 'code', text: short(block.text, 1000) }, look);
    case 'fields': {
      const fields = block.fields
        .slice(0, 10)
        .map(([label, value]): [string, string] => [short(label, 100), short(value, 200)]);
      return blocksOf({ kind: 'fields', fields }, look);
    }
    case 'table': {
      const [columns, rows] = [block.columns.slice(0, 8), block.rows.slice(0, summaryRows)];
      const cells = (row: readonly string[]) => row.slice(0, 8).map((cell) => short(line(cell), 60));
      const left = block.rows.length - rows.length;
      return [
        ...blocksOf({ kind: 'table', columns: cells(columns), rows: rows.map(cells) }, look),
        ...(left > 0 ? prose(`… and ${left.toLocaleString('en-US')} more rows`) : []),
      ];
    }
    case 'chart':
      return blocksOf({ ...block, label: short(block.label, 200), points: block.points.slice(-summaryRows) }, look);
    case 'steps':
    case 'file':
      return blocksOf(block, look);
  }
}

function fileOf(report: Report): TextFile {
  const content = `${wordsOf(report)}\n`;
  const slug = line(report.title)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 40);
  const hash = createHash('sha256').update(content).digest('hex').slice(0, 8);
  return { name: `${slug.replace(/^-+|-+$/g, '') || 'report'}-${hash}.txt`, content };
}
