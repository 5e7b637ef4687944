import { clean } from '../../src/chat/cells.ts';
import type { Block, Report } from '../../src/chat/report.ts';
import {
  type Look,
  renderBlock,
  renderCalls,
  renderFooter,
  renderReplies,
  renderReport,
  renderStep,
  renderTitle,
} from './render.ts';

/** What a revised card says on a terminal, where nothing said before can be changed. */
export interface Changes {
  /** Of job or steps: always said. */
  readonly news: string[];
  /** Counts and notes that moved: said now and then. */
  readonly progress: string[];
}

export function changesOf(report: Report, previous: Report | null, look: Look): Changes {
  if (previous === null) return { news: renderReport(report, look), progress: [] };
  const steps = changedSteps(report, previous, look);
  if (shape(report.title) !== shape(previous.title))
    return { news: newState(report, previous, look, steps), progress: [] };
  if (steps.length > 0) return { news: steps, progress: [] };
  const moved = JSON.stringify(report.blocks) !== JSON.stringify(previous.blocks) || report.title !== previous.title;
  return { news: [], progress: moved ? moving(report, previous, look) : [] };
}

/** `3 of 12 steps` and `4 of 12 steps` are one state. */
function shape(title: string): string {
  return title.replace(/\d+/g, '#');
}

/** The new title, and whatever stands under it that did not stand there before. */
function newState(report: Report, previous: Report, look: Look, steps: readonly string[]): string[] {
  const before = new Set(previous.blocks.map((block) => JSON.stringify(block)));
  const blocks = report.blocks.filter((block) => block.kind !== 'steps' && !before.has(JSON.stringify(block)));
  const offered = new Set((previous.replies ?? []).map(({ line }) => line));
  const replies = (report.replies ?? []).filter(({ line }) => !offered.has(line));
  const called = new Set(previous.calls ?? []);
  const calls = (report.calls ?? []).filter((call) => !called.has(call));
  return [
    ...renderTitle(report, look),
    ...blocks.flatMap((block) => renderBlock(block, look)),
    ...steps,
    ...renderCalls(calls, look),
    ...renderReplies(replies, look),
    ...(report.footer === previous.footer ? [] : renderFooter(report, look)),
  ];
}

function changedSteps(report: Report, previous: Report, look: Look): string[] {
  const before = new Map(stepsOf(previous.blocks).map(({ label, state }) => [label, state]));
  return stepsOf(report.blocks)
    .filter(({ label, state }) => before.get(label) !== state)
    .map((step) => renderStep(step, look));
}

/** One line: the title with its counts and the first running step whose note moved. */
function moving(report: Report, previous: Report, look: Look): string[] {
  const before = new Map(stepsOf(previous.blocks).map(({ label, note }) => [label, note]));
  const step = stepsOf(report.blocks).find(
    ({ label, note, state }) => state === 'running' && note !== before.get(label),
  );
  if (step !== undefined) return [renderStep(step, look)];
  if (report.title !== previous.title) return [`  ${clean(report.title)}`];
  return [];
}

function stepsOf(blocks: readonly Block[]) {
  return blocks.flatMap((block) => (block.kind === 'steps' ? block.steps : []));
}
