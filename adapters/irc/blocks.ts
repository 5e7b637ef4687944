import { clean, cleanLines, pad, widthOf, wrap } from '../../src/chat/cells.ts';
import type { Block, StepMark } from '../../src/chat/report.ts';

/** Columns: narrow windows exist, and a line of IRC holds some 330 bytes. */
const width = 100;
const barWidth = 24;

/** Every block as lines; tables and code keep their columns, so nothing behind this may break them. */
export function detailsOf(blocks: readonly Block[]): string[] {
  return blocks.flatMap(linesOf);
}

/** The lines that matter most first: what waits for somebody, what went wrong, prose, and only then lists. */
export function digestOf(blocks: readonly Block[]): string[] {
  const steps = blocks.flatMap((block) => (block.kind === 'steps' ? block.steps : []));
  const trouble = steps.filter(({ state }) => urgent.has(state)).map(stepLine);
  // That all are alike says the title.
  const counted = steps.every(({ state }) => state === steps[0]?.state) ? [] : [`  ${counts(steps)}`];
  // Sentences say why; fields say what, which people mostly know.
  const prose = [isSentence, ({ kind }: Block) => kind === 'fields'].flatMap((some) =>
    blocks.filter(some).flatMap(linesOf),
  );
  const lists = blocks.filter(({ kind }) => kind === 'table' || kind === 'chart' || kind === 'code').flatMap(linesOf);
  return trouble.length > 1
    ? [...counted, ...trouble, ...prose, ...lists]
    : [...trouble, ...counted, ...prose, ...lists];
}

function isSentence({ kind }: Block): boolean {
  return kind === 'text' || kind === 'file';
}

function linesOf(block: Block): string[] {
  switch (block.kind) {
    case 'text':
      return cleanLines(block.text).flatMap((line) => wrap(line, 3 * width).map(indented));
    case 'fields':
      return fieldLines(block.fields);
    case 'table':
      return tableLines(block);
    case 'steps':
      return block.steps.map(stepLine);
    case 'chart':
      return chartLines(block);
    case 'code':
      return cleanLines(block.text).map((line) => indented(`  ${line}`));
    case 'file':
      return [indented(`file ${clean(block.name)}, ${size(block.bytes)}`)];
  }
}

/** `host cmp1 · reason PSU swap`: as many on a line as one reads at a glance. */
function fieldLines(fields: readonly (readonly [string, string])[]): string[] {
  const lines: string[] = [];
  for (const field of fields) {
    const part = field.map(clean).join(': ');
    const longer = `${lines.at(-1) ?? ''} · ${part}`;
    if (lines.length > 0 && widthOf(longer) <= width) lines[lines.length - 1] = longer;
    else lines.push(indented(part));
  }
  return lines;
}

/** Numbers to the right; the last column is prose and is broken under itself. */
function tableLines({ columns, rows }: Extract<Block, { kind: 'table' }>): string[] {
  const cells = [columns, ...rows].map((row) => columns.map((_, at) => clean(row[at] ?? '')));
  const widths = columns.map((_, at) => Math.max(...cells.map((row) => widthOf(row[at] ?? ''))));
  const sides = columns.map((_, at) =>
    cells.slice(1).every((row) => /^-?[\d.,]*\d( ?[kKMGT]?i?B|%)?$|^-?$/.test(row[at] ?? '')) ? 'right' : 'left',
  );
  return cells.flatMap((row) => {
    const before = row.slice(0, -1).map((cell, at) => `${pad(cell, widths[at] ?? 0, sides[at])}  `);
    const start = `  ${before.join('')}`;
    const last = pad(row.at(-1) ?? '', sides.at(-1) === 'right' ? (widths.at(-1) ?? 0) : 0, 'right');
    return wrap(last, Math.max(24, width - widthOf(start))).map((line, at) =>
      ((at === 0 ? start : ' '.repeat(widthOf(start))) + line).trimEnd(),
    );
  });
}

function stepLine({ label, state, note }: { label: string; state: StepMark; note: string }): string {
  const said = note === '' ? '' : `: ${clean(note)}`;
  return `  ${pad(words[state], 8)} ${clean(label)}${said}`;
}

const words: Readonly<Record<StepMark, string>> = {
  waiting: 'waiting',
  running: 'running',
  asking: 'ASKING',
  done: 'done',
  gone: 'gone',
  blocked: 'BLOCKED',
  failed: 'FAILED',
  unproven: 'UNPROVEN',
};
const urgent: ReadonlySet<StepMark> = new Set(['asking', 'failed', 'blocked', 'unproven']);

function counts(steps: readonly { state: StepMark }[]): string {
  const states = [...new Set(steps.map(({ state }) => state))];
  return states.map((one) => `${steps.filter(({ state }) => state === one).length} ${one}`).join(', ');
}

function chartLines({ label, points }: Extract<Block, { kind: 'chart' }>): string[] {
  const most = Math.max(0, ...points.map(({ value }) => value));
  const atWidth = Math.max(0, ...points.map(({ at }) => widthOf(clean(at))));
  const valueWidth = Math.max(0, ...points.map(({ value }) => String(value).length));
  const bars = points.map(({ at, value }) => {
    const bar = most === 0 || value <= 0 ? '' : '#'.repeat(Math.max(1, Math.round((value / most) * barWidth)));
    return `  ${pad(clean(at), atWidth)}  ${pad(String(value), valueWidth, 'right')}  ${bar}`.trimEnd();
  });
  return [indented(clean(label)), ...bars];
}

/** Data at the start of a line could be a command to another bot: nothing but our own words stands there. */
function indented(line: string): string {
  return line.trim() === '' ? ' ' : `  ${line}`.trimEnd();
}

function size(bytes: number): string {
  return bytes < 10_240 ? `${bytes} bytes` : `${Math.round(bytes / 1024)} KB`;
}
