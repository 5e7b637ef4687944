import type { Block, StepMark } from '../../chat/report.ts';
import type { PlanRow } from '../plan.ts';

/** What became of one server. */
export interface Told {
  /** Its id: another may have the same name. */
  readonly server: string;
  readonly name: string;
  readonly label: string;
  readonly state: StepMark;
  readonly note: string;
  /** Its row in the table. */
  readonly cells: readonly string[];
  readonly project?: string | undefined;
  readonly to?: string | null | undefined;
  readonly how?: string | undefined;
  readonly seconds?: number | null | undefined;
}

const wrong: ReadonlySet<StepMark> = new Set(['blocked', 'failed', 'unproven']);
const mostApart = 10;

/**
 * Who did not leave comes first, one by one and with the reason: that is what people must read, also where a chat has
 * little room. Then a table of the others, those that were not begun on top.
 */
export function serverBlocks(columns: readonly string[], told: readonly Told[]): Block[] {
  const named = told.map((one) => (isWell(one.state) ? one : withId(one)));
  const apart = named.filter(({ state }) => wrong.has(state)).slice(0, mostApart);
  const others = named
    .filter((one) => !apart.includes(one))
    .toSorted((a, b) => Number(isWell(a.state)) - Number(isWell(b.state)));
  const steps = apart.map(({ label, state, note }) => ({ label, state, note }));
  const rows = others.map(({ cells }) => [...cells]);
  return [
    ...(steps.length === 0 ? [] : [{ kind: 'steps', steps } satisfies Block]),
    ...(rows.length === 0 ? [] : [{ kind: 'table', columns: [...columns], rows } satisfies Block]),
  ];
}

/** Who did not leave is looked at next, or its owner told: a name alone may be another one's, too. */
function withId(one: Told): Told {
  const label = idBeside(one.label, one.server);
  return { ...one, label, cells: [label, ...one.cells.slice(1)] };
}

export function idBeside(label: string, server: string): string {
  return label.includes(server) ? label : `${label} ${server}`;
}

/** A row of the plan that had no step: nothing was to be done with it, for the reason that the plan said. */
export function toldByPlan({ key, label, name = label, verdict, why, project }: PlanRow): Told {
  const state = verdict === 'skip' ? 'gone' : 'blocked';
  const cells = [label, '-', verdict, why];
  return { server: key.slice('move:'.length), name, label, state, note: why, cells, project };
}

/** All of it, for tickets and `cut`: what the shown rows leave out is here, too. */
export function serverFile(from: string, told: readonly Told[]): { columns: string[]; rows: string[][] } {
  const columns = ['server', 'id', 'project', 'from', 'to', 'how', 'seconds', 'state', 'note'];
  const rows = told.map(({ server, name, state, note, project, to, how, seconds }) => {
    const took = seconds === null || seconds === undefined ? '' : String(seconds);
    return [name, server, project ?? '', from, to ?? '', how ?? '', took, state, note];
  });
  return { columns, rows };
}

/** It is elsewhere, or no more: its row says that it left. */
export function isWell(state: StepMark): boolean {
  return state === 'done' || state === 'gone';
}
