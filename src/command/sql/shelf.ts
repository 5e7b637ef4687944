import { type Block, type Report, text } from '../../chat/report.ts';
import { UserError } from '../../chat/user-error.ts';
import type { RunbookFacts, RunbookProblem, Runbooks } from '../../openstack/cloud.ts';
import type { PlanContext } from '../command.ts';
import { nearest } from '../resolve.ts';
import { count, list } from '../words.ts';
import { runLine } from './typed.ts';

/** `sql list`: every runbook this worker has, and every file that is none. */
export async function listRunbooks({ cloud }: PlanContext): Promise<Report> {
  const { runbooks, problems } = await cloud.databases.runbooks();
  const rows = runbooks.map(({ name, summary, database, releases }) => [name, summary, database, releases]);
  return {
    title: runbooks.length === 0 ? 'This worker has no runbooks' : `${count(runbooks.length, 'runbook')}`,
    tone: problems.length > 0 ? 'warn' : 'plain',
    blocks: [
      ...(rows.length > 0
        ? [{ kind: 'table', columns: ['runbook', 'does', 'database', 'for'], rows } satisfies Block]
        : []),
      ...problemBlocks(problems),
    ],
    footer: `${cloud.name} · sql show NAME says more`,
  };
}

/** `sql show NAME`: what it asks for, what it wants to hold, its very statements. */
export async function showRunbook(name: string, { cloud }: PlanContext): Promise<Report> {
  const runbook = await runbookOf(cloud, name);
  return {
    title: `${runbook.name}: ${runbook.summary}`,
    tone: 'plain',
    blocks: [
      { kind: 'code', text: runLine(runbook) },
      { kind: 'fields', fields: factFields(runbook) },
      ...runbook.instead.map(({ when, call, why }) =>
        text(`By the API${when === null ? '' : ` for ${when}`}: ${call} (${why})`),
      ),
      ...runbook.notes.map(text),
      { kind: 'code', text: runbook.sql },
    ],
    footer: `${cloud.name} · ${runbook.file}`,
  };
}

export async function runbookOf(cloud: PlanContext['cloud'], name: string): Promise<RunbookFacts> {
  const shelf = await cloud.databases.runbooks();
  const found = shelf.runbooks.find((runbook) => runbook.name === name);
  if (found !== undefined) return found;
  throw new UserError(strange(shelf, name));
}

function strange({ runbooks, problems }: Runbooks, name: string): string {
  const refused = problems.find(({ file }) => file.endsWith(`/${name}.sql`));
  if (refused !== undefined) return `${name} is refused: ${problemWords(refused)}`;
  const names = runbooks.map((runbook) => runbook.name);
  const near = nearest(name, names);
  const hint = near.length > 0 ? `did you mean ${list(near)}?` : `there are ${list(names, 20) || 'none'}`;
  return `there is no runbook ${name}; ${hint}`;
}

function factFields(runbook: RunbookFacts): [string, string][] {
  const { database, releases, risk, parameters, checks, max, expect, change } = runbook;
  return [
    ['database', database === 'cell' ? 'the cell of nova' : database],
    ['for', releases],
    ['risk', risk],
    ['rows', `${change}s ${expect === null ? '' : `${expect} as a rule, `}${max} at most`],
    ...parameters.map(({ name, kind, help, optional }): [string, string] => [
      name,
      `${kind}${optional ? ', need not be there' : ''}: ${help}`,
    ]),
    ...checks.map((said, index): [string, string] => [index === 0 ? 'not if' : '', said]),
  ];
}

function problemBlocks(problems: readonly RunbookProblem[]): Block[] {
  if (problems.length === 0) return [];
  return [text('These files are refused, each by itself:'), ...problems.map((problem) => text(problemWords(problem)))];
}

function problemWords({ file, line, said }: RunbookProblem): string {
  return `${file}:${line}: ${said}`;
}
