import type { EndedStep } from '../command/command.ts';
import type { StepRow } from './steps.ts';

/** A row as commands see it. */
export function endedStep(row: StepRow): EndedStep {
  const seconds =
    row.startedAt === null || row.endedAt === null
      ? null
      : Math.round((row.endedAt.getTime() - row.startedAt.getTime()) / 1000);
  return {
    key: row.key,
    step: row.name,
    label: row.label,
    state: row.state,
    note: row.note,
    input: row.input,
    output: row.output,
    checkpoint: row.checkpoint,
    seconds,
  };
}
