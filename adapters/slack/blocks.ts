import { clean, pad, widthOf } from '../../src/chat/cells.ts';
import type { Block, StepMark } from '../../src/chat/report.ts';
import { limits, type SlackBlock } from './limits.ts';
import { escaped, line, lines, pieces } from './text.ts';

const barWidth = 20;

/** Literal: nothing in it is a link, a mention, an emoji or a format. */
export function plain(text: string) {
  return { type: 'plain_text', text: escaped(text), emoji: false };
}

/** Data of any length as sections. */
export function prose(text: string): SlackBlock[] {
  const whole = lines(text).join('\n').trim();
  return whole === ''
    ? []
    : pieces(whole, limits.section)
        .filter((piece) => piece.trim() !== '')
        .map((piece) => ({ type: 'section', text: worded(piece) }));
}

/** Literal but for commands, which stand in backticks: they are shown as what one types. */
function worded(text: string) {
  const around = text.replace(commands, ' ');
  if (around === text || isFormat(around)) return plain(text);
  return { type: 'mrkdwn', text: escaped(text), verbatim: true };
}

const commands = /(?<=^|[\s("':;,])`[^`\n]+`(?=$|[\s)"':;,.!?])/gm;

/** Letters of one width, so that columns stay columns. A fence inside the data would end it. */
export function code(text: string): SlackBlock[] {
  const safe = text.replaceAll('```', "'''");
  return pieces(safe, limits.section - 10).map((piece) => ({
    type: 'section',
    text: { type: 'mrkdwn', text: `\`\`\`\n${escaped(piece)}\n\`\`\``, verbatim: true },
  }));
}

export interface StepsLook {
  /** The steps still move: what is done is counted, what moves or went wrong is shown. */
  readonly live: boolean;
}

export function blocksOf(block: Block, look: StepsLook): SlackBlock[] {
  switch (block.kind) {
    case 'text':
      return prose(block.text);
    case 'fields':
      return fieldBlocks(block.fields);
    case 'table':
      return code(tableLines(block).join('\n'));
    case 'steps':
      return stepBlocks(block, look);
    case 'chart':
      return [...prose(block.label), ...code(chartLines(block).join('\n') || '–')];
    case 'code':
      return code(lines(block.text).join('\n').trim() === '' ? '–' : lines(block.text).join('\n'));
    case 'file':
      return prose(fileLine(block));
  }
}

/** The same as lines of text, for a file. */
export function textOf(block: Block): string[] {
  switch (block.kind) {
    case 'text':
    case 'code':
      return lines(block.text);
    case 'fields':
      return block.fields.map(([label, value]) => `${line(label)}: ${line(value)}`);
    case 'table':
      return tableLines(block);
    case 'steps':
      return block.steps.map(stepLine);
    case 'chart':
      return [line(block.label), ...chartLines(block)];
    case 'file':
      return [fileLine(block)];
  }
}

function fieldBlocks(fields: readonly (readonly [string, string])[]): SlackBlock[] {
  const [small, large] = [fields.filter(isSmall), fields.filter((field) => !isSmall(field))];
  const sections: SlackBlock[] = [];
  for (let at = 0; at < small.length; at += limits.fields)
    sections.push({ type: 'section', fields: small.slice(at, at + limits.fields).map(fieldText) });
  return [...sections, ...large.flatMap(([label, value]) => prose(`${line(label)}: ${lines(value).join('\n')}`))];
}

function isSmall([label, value]: readonly [string, string]): boolean {
  return escaped(label + value).length < limits.field / 4;
}

/** The label bold where that can be said without harm to either. */
function fieldText([label, value]: readonly [string, string]) {
  const [name, told] = [line(label), line(value)];
  return isFormat(name + told.replace(commands, ' '))
    ? plain(`${name}\n${told}`)
    : { type: 'mrkdwn', text: `*${escaped(name)}*\n${escaped(told)}`, verbatim: true };
}

/** Whether Slack would take some of it for bold, slanted, struck or code, or draw a picture for `:name:`. */
export function isFormat(text: string): boolean {
  return /[*_~`]|:[\w+'-]+:|^\s*>/m.test(text);
}

export function tableLines({ columns, rows }: Extract<Block, { kind: 'table' }>): string[] {
  const cells = [columns, ...rows].map((row) => columns.map((_, at) => clean(row[at] ?? '')));
  const widths = columns.map((_, at) => cells.reduce((most, row) => Math.max(most, widthOf(row[at] ?? '')), 0));
  const right = columns.map((_, at) => cells.slice(1).every((row) => isNumber(row[at] ?? '')));
  const told = cells.map((row) =>
    row
      .map((cell, at) => pad(cell, widths[at] ?? 0, right[at] === true ? 'right' : 'left'))
      .join('  ')
      .trimEnd(),
  );
  return told.length === 0 || columns.length === 0 ? ['–'] : told;
}

function isNumber(cell: string): boolean {
  return /^-?[\d.,]*\d( ?[kKMGT]?i?B|%)?$|^-?$/.test(cell);
}

type Steps = Extract<Block, { kind: 'steps' }>;

/** More steps than that are a list nobody reads while it moves. */
const shownSteps = 12;

function stepBlocks({ steps, progress }: Steps, { live }: StepsLook): SlackBlock[] {
  const moving = steps.filter(({ state }) => urgent.has(state) || state === 'running');
  const shown = !live || steps.length <= shownSteps ? steps : moving.slice(0, shownSteps);
  const hidden = steps.filter((step) => !shown.includes(step));
  const bar = progress === undefined ? [] : [barOf(...progress)];
  const rest = hidden.length === 0 ? [] : [`and ${counts(hidden)}`];
  return prose([...bar, ...shown.map(stepLine), ...rest].join('\n'));
}

function barOf(done: number, all: number): string {
  const full = all <= 0 ? 0 : Math.min(barWidth, Math.max(0, Math.floor((done / all) * barWidth)));
  return `${'█'.repeat(full)}${'░'.repeat(barWidth - full)} ${done} of ${all}`;
}

export function counts(steps: readonly { state: StepMark }[]): string {
  const states = [...new Set(steps.map(({ state }) => state))];
  return states.map((one) => `${steps.filter(({ state }) => state === one).length} ${one}`).join(', ');
}

export const urgent: ReadonlySet<StepMark> = new Set(['asking', 'failed', 'blocked', 'unproven']);

const marks: Readonly<Record<StepMark, string>> = {
  waiting: '▫',
  running: '▶',
  asking: '❓',
  done: '✓',
  gone: '–',
  blocked: '⛔',
  failed: '✗',
  unproven: '❔',
};

export function stepLine({ label, state, note }: Steps['steps'][number]): string {
  const word = urgent.has(state) ? ` ${state}` : '';
  return `${marks[state]} ${line(label)}${word}${note === '' ? '' : `: ${line(note)}`}`;
}

function chartLines({ points }: Extract<Block, { kind: 'chart' }>): string[] {
  const most = points.reduce((sum, { value }) => Math.max(sum, value), 0);
  const atWidth = points.reduce((sum, { at }) => Math.max(sum, widthOf(clean(at))), 0);
  const valueWidth = points.reduce((sum, { value }) => Math.max(sum, String(value).length), 0);
  return points.map(({ at, value }) => {
    const bar = most === 0 || value <= 0 ? '' : '█'.repeat(Math.max(1, Math.round((value / most) * barWidth)));
    return `${pad(clean(at), atWidth)}  ${pad(String(value), valueWidth, 'right')}  ${bar}`.trimEnd();
  });
}

function fileLine({ name, bytes }: Extract<Block, { kind: 'file' }>): string {
  return `file ${line(name)}, ${bytes < 10_240 ? `${bytes} bytes` : `${Math.round(bytes / 1024)} KB`}`;
}
