import { clean, cleanLines, pad, widthOf, wrap } from '../../src/chat/cells.ts';
import type { Block, Reply, Report, StepMark, Tone } from '../../src/chat/report.ts';

export interface Look {
  /** Columns; infinite where lines go into a pipe and are better left whole. */
  readonly width: number;
  readonly colour: boolean;
}

/** A report as lines of a terminal. Pure; what steers a terminal is taken out of all data. */
export function renderReport(report: Report, look: Look): string[] {
  const blocks = report.blocks.flatMap((block) => renderBlock(block, look));
  return [
    ...renderTitle(report, look),
    ...blocks,
    ...renderCalls(report.calls ?? [], look),
    ...renderReplies(report.replies ?? [], look),
    ...renderFooter(report, look),
  ];
}

export function renderTitle({ title, tone }: Report, look: Look): string[] {
  return cleanLines(title).flatMap((line) =>
    wrap(line, look.width).map((part) => paint(toneColours[tone], part, look)),
  );
}

export function renderBlock(block: Block, look: Look): string[] {
  switch (block.kind) {
    case 'text':
      return cleanLines(block.text).flatMap((line) => hang('  ', line, look));
    case 'fields':
      return renderFields(block.fields, look);
    case 'table':
      return renderTable(block, look);
    case 'steps':
      return block.steps.map((step) => renderStep(step, look));
    case 'chart':
      return renderChart(block, look);
    case 'code':
      return cleanLines(block.text).map((line) => `    ${line}`);
    case 'file':
      return [`  file ${clean(block.name)}, ${size(block.bytes)}, kept as ${clean(block.artifact)}`];
  }
}

type Steps = Extract<Block, { kind: 'steps' }>['steps'];

export function renderStep({ label, state, note }: Steps[number], look: Look): string {
  const { mark, colour } = marks[state];
  const said = note === '' ? '' : `  ${clean(note)}`;
  return `  ${paint(colour, mark, look)} ${clean(label)}${paint('dim', said, look)}`;
}

/** Replies are lines that one may type. */
export function renderReplies(replies: readonly Reply[], look: Look): string[] {
  const width = Math.max(0, ...replies.map(({ line }) => widthOf(clean(line))));
  return replies.map(({ line, label, danger }) => {
    const typed = paint(danger === true ? 'red' : 'cyan', pad(clean(line), width), look);
    return `  > ${typed}  ${clean(label)}`;
  });
}

/** A terminal rings nobody: it names them. */
export function renderCalls(calls: readonly string[], look: Look): string[] {
  return calls.length === 0 ? [] : hang('  ', `calling ${calls.map(clean).join(', ')}`, look);
}

export function renderFooter({ footer }: Report, look: Look): string[] {
  return footer === undefined || footer === '' ? [] : [paint('dim', `  -- ${clean(footer)}`, look)];
}

function renderFields(fields: readonly (readonly [string, string])[], look: Look): string[] {
  const width = Math.max(0, ...fields.map(([label]) => widthOf(clean(label))));
  return fields.flatMap(([label, value]) => {
    const [first = '', ...more] = cleanLines(value).flatMap((line) => wrap(line, look.width - width - 4));
    const indent = ' '.repeat(width + 4);
    return [`  ${paint('dim', pad(clean(label), width), look)}  ${first}`, ...more.map((line) => indent + line)];
  });
}

/** The last column is the one with prose: it is broken where the terminal is too narrow. */
function renderTable({ columns, rows }: Extract<Block, { kind: 'table' }>, look: Look): string[] {
  const cells = [columns, ...rows].map((row) => columns.map((_, at) => clean(row[at] ?? '')));
  const widths = columns.map((_, at) => Math.max(...cells.map((row) => widthOf(row[at] ?? ''))));
  const numeric = columns.map((_, at) => rows.length > 0 && cells.slice(1).every((row) => isNumber(row[at] ?? '')));
  const [head, ...body] = cells.map((row) => tableRow(row, { widths, numeric }, look));
  return [...(head ?? []).map((line) => paint('bold', line, look)), ...body.flat()];
}

function tableRow(
  row: readonly string[],
  { widths, numeric }: { widths: number[]; numeric: boolean[] },
  look: Look,
): string[] {
  const last = row.length - 1;
  const before = row.slice(0, last).map((cell, at) => pad(cell, widths[at] ?? 0, numeric[at] ? 'right' : 'left'));
  const start = `  ${before.map((cell) => `${cell}  `).join('')}`;
  const end = numeric[last]
    ? [pad(row[last] ?? '', widths[last] ?? 0, 'right')]
    : wrap(row[last] ?? '', Math.max(24, look.width - widthOf(start)));
  return end.map((line, at) => (at === 0 ? start + line : ' '.repeat(widthOf(start)) + line).trimEnd());
}

function isNumber(cell: string): boolean {
  return /^-?[\d.,]*\d( ?[kKMGT]?i?B|%| s| min| h| d)?$|^-$/.test(cell);
}

const barWidth = 40;

function renderChart({ label, points }: Extract<Block, { kind: 'chart' }>, look: Look): string[] {
  const most = Math.max(0, ...points.map(({ value }) => value));
  const atWidth = Math.max(0, ...points.map(({ at }) => widthOf(clean(at))));
  const valueWidth = Math.max(0, ...points.map(({ value }) => String(value).length));
  const bars = points.map(({ at, value }) => {
    const length = most === 0 ? 0 : Math.round((value / most) * barWidth);
    const bar = '█'.repeat(Math.max(length, value > 0 ? 1 : 0));
    return `  ${pad(clean(at), atWidth)}  ${pad(String(value), valueWidth, 'right')}  ${paint('cyan', bar, look)}`.trimEnd();
  });
  return [`  ${clean(label)}`, ...bars];
}

function hang(indent: string, line: string, look: Look): string[] {
  return wrap(line, look.width - indent.length).map((part) => (indent + part).trimEnd());
}

function size(bytes: number): string {
  return bytes < 10_240 ? `${bytes} bytes` : `${Math.round(bytes / 1024)} KB`;
}

type Colour = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

const codes: Readonly<Record<Colour, number>> = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 };
const toneColours: Readonly<Record<Tone, Colour>> = { plain: 'bold', good: 'green', warn: 'yellow', bad: 'red' };
const marks: Readonly<Record<StepMark, { mark: string; colour: Colour }>> = {
  waiting: { mark: '·', colour: 'dim' },
  running: { mark: '▸', colour: 'cyan' },
  asking: { mark: '?', colour: 'yellow' },
  done: { mark: '✓', colour: 'green' },
  gone: { mark: '-', colour: 'dim' },
  blocked: { mark: '!', colour: 'yellow' },
  failed: { mark: '✗', colour: 'red' },
  unproven: { mark: '~', colour: 'yellow' },
};

export function paint(colour: Colour, text: string, look: Look): string {
  return look.colour && text !== '' ? `\u001b[${codes[colour]}m${text}\u001b[0m` : text;
}
