import type { RunbookFacts } from '../openstack/cloud.ts';
import type { Runbook } from '../runbooks/runbook.ts';
import type { Values } from '../runbooks/values.ts';

/** A runbook as commands show it. */
export function factsOf({ head, change, checks, sql, file, sha256 }: Runbook): RunbookFacts {
  return {
    name: head.name,
    summary: head.summary,
    database: head.database,
    releases: head.releases.words,
    risk: head.risk,
    parameters: Object.entries(head.parameters).map(([name, { type, choices, help, optional }]) => ({
      name,
      kind: choices?.join('|') ?? (type ?? 'word').toUpperCase(),
      help,
      optional,
    })),
    instead: head.instead.map(({ when, call, why }) => ({ when: whenWords(when), call, why })),
    notes: head.notes,
    checks: checks.map(({ said }) => said),
    change: change.kind,
    expect: head.rows.expect ?? null,
    max: head.rows.max,
    sql,
    file,
    sha256,
  };
}

/** The call that does it by the API, where these values leave the database nothing to do; null where they do not. */
export function whyNotHere({ head }: Runbook, values: Values): string | null {
  const found = head.instead.find(
    ({ when }) => when !== undefined && Object.entries(when).every(([name, some]) => some.includes(values[name] ?? '')),
  );
  if (found === undefined) return null;
  const call = found.call.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? name);
  return `the API can do this, so no database is edited: ${call} (${found.why})`;
}

function whenWords(when: Readonly<Record<string, readonly string[]>> | undefined): string | null {
  if (when === undefined) return null;
  return Object.entries(when)
    .map(([name, some]) => `${name}=${some.join('|')}`)
    .join(', ');
}
