import { type Block, text } from '../../chat/report.ts';
import type { EditPreview, EditRow } from '../../openstack/cloud.ts';
import type { PlanContext } from '../command.ts';
import type { PlanDraft, PlannedStep, PlanRow } from '../plan.ts';
import { count } from '../words.ts';
import { runbookOf } from './shelf.ts';
import { typedOf, withServers } from './typed.ts';

interface Wish {
  readonly name: string;
  readonly cell: string | undefined;
  readonly parameters: string | undefined;
}

type Draft = PlanDraft & { steps: (PlannedStep & { step: 'edit' })[] };

/** The very rows, as they are and as they shall be. What is approved is these: by their hashes, and the file's text by its own. */
export async function runPlan({ name, cell, parameters }: Wish, { cloud }: PlanContext): Promise<Draft> {
  const typed = await withServers(cloud, await runbookOf(cloud, name), typedOf(parameters));
  const seen = await cloud.databases.previewEdit({ runbook: name, typed, cell: cell ?? null });
  const { runbook, values, rows } = seen;
  const input = {
    runbook: name,
    sha256: runbook.sha256,
    cell: seen.cell,
    values: { ...values },
    rows: rows.map(({ hash }) => hash),
  };
  const what = `${runbook.change} ${count(rows.length, 'row')}`;
  const surprising = runbook.expect !== null && rows.length !== runbook.expect;
  return {
    title: `${name}: ${what} in ${seen.label}`,
    blocks: [{ kind: 'fields', fields: facts(seen) }, ...warnings(seen, surprising)],
    rows: rows.map((row) => planRow(seen, row)),
    stages: [{ name: 'edit' }],
    steps: [{ key: 'edit', step: 'edit', input, stage: 'edit', label: `${what} in ${seen.label}` }],
    claims: claims(cloud.name, seen),
    risk: runbook.risk,
    size: rows.length,
    // Another number than its author thought of is for one more pair of eyes.
    ...(surprising && { votes: { extra: 1, least: 2 } }),
  };
}

function facts({ runbook, values, label, schema, host, folder, rows }: EditPreview): [string, string][] {
  const given = Object.entries(values).flatMap(([name, value]) => (value === null ? [] : [`${name}=${value}`]));
  return [
    ['does', runbook.summary],
    ['database', `${label}, ${schema}`],
    ['with', given.join(' ') || 'no parameters'],
    ['rows', `${rows.length}, ${runbook.max} at most`],
    ['row images', `${host}:${folder}`],
  ];
}

function warnings({ runbook, rows, values }: EditPreview, surprising: boolean): Block[] {
  return [
    ...(surprising
      ? [text(`As a rule it is ${count(runbook.expect ?? 0, 'row')}, and now it is ${rows.length}: look twice.`)]
      : []),
    ...runbook.instead
      .filter(({ when }) => when === null)
      .map(({ call, why }) => text(`Or by the API: ${filled(call, values)} (${why})`)),
    ...runbook.notes.map(text),
  ];
}

function filled(call: string, values: EditPreview['values']): string {
  return call.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? name.toUpperCase());
}

/** A row that changes until it is approved has another hash, and is one that nobody approved. */
function planRow({ runbook }: EditPreview, { hash, cells }: EditRow): PlanRow {
  const stays = cells.filter(({ after }) => after === null).map(({ column, before }) => `${column} ${before}`);
  const changes = cells.flatMap(({ column, before, after }) =>
    after === null ? [] : [`${column}: ${before} → ${after}`],
  );
  return {
    key: `row:${hash}`,
    verdict: runbook.change,
    weight: runbook.change === 'delete' ? 3 : 2,
    label: stays.join(', '),
    why: changes.join(', ') || 'the whole row goes',
  };
}

/** A server that is edited is not moved at the same time, and a runbook runs once at a time. */
function claims(cloud: string, { runbook, values }: EditPreview): string[] {
  const servers = runbook.parameters.filter(({ kind }) => kind === 'SERVER').flatMap(({ name }) => values[name] ?? []);
  return [`runbook:${cloud}/${runbook.name}`, ...servers.map((server) => `server:${cloud}/${server}`)];
}
