import type { Block, StepMark } from '../../chat/report.ts';
import type { PlanRow } from '../plan.ts';

/** What became of one server. */
export interface Told {
  /** Its id: another may have the same name. */
  readonly server: string;
  readonly label: string;
  readonly state: StepMark;
  readonly note: string;
  /** Its row in the table. */
  readonly cells: readonly string[];
}

const wrong: ReadonlySet<StepMark> = new Set(['blocked', 'failed', 'unproven']);
const mostApart = 10;

/**
 * Who did not leave comes first, one by one and with the reason: that is what people must read, also where a chat has
 * little room. Then a table of the others, those that were not begun on top.
 */
export function serverBlocks(columns: readonly string[], told: readonly Told[]): Block[] {
  const apart = told.filter(({ state }) => wrong.has(state)).slice(0, mostApart);
  const others = told
    .filter((one) => !apart.includes(one))
    .toSorted((a, b) => Number(isWell(a.state)) - Number(isWell(b.state)));
  const steps = apart.map(({ label, state, note }) => ({ label, state, note }));
  const rows = others.map(({ cells }) => [...cells]);
  return [
    ...(steps.length === 0 ? [] : [{ kind: 'steps', steps } satisfies Block]),
    ...(rows.length === 0 ? [] : [{ kind: 'table', columns: [...columns], rows } satisfies Block]),
  ];
}

/** A row of the plan that had no step: nothing was to be done with it, for the reason that the plan said. */
export function toldByPlan({ key, label, verdict, why }: PlanRow): Told {
  const state = verdict === 'skip' ? 'gone' : 'blocked';
  return { server: key.slice('move:'.length), label, state, note: why, cells: [label, '-', verdict, why] };
}

/** It is elsewhere, or no more: its row says that it left. */
export function isWell(state: StepMark): boolean {
  return state === 'done' || state === 'gone';
}
