import { basename } from 'node:path';
import type { Runbook } from './runbook.ts';
import type { Section } from './sections.ts';
import type { Piece } from './statement.ts';

export interface BrokenRule {
  readonly at: 'head' | Section['kind'];
  readonly said: string;
}

/** The moment of the run, naive UTC: a parameter that is always there. */
export const now = 'now';

/** What its parts must be to each other, so that what is shown is what is done, and can be undone. */
export function brokenRules(runbook: Runbook): BrokenRule[] {
  return [name, tables, columns, moments, undeclared, unused, servers, calls, words].flatMap((rule) => rule(runbook));
}

function name({ head, file }: Runbook): BrokenRule[] {
  const stem = basename(file, '.sql');
  if (!/^[a-z][a-z0-9-]{0,63}$/.test(stem)) return broken('head', 'its file is named in lower case with dashes');
  return head.name === stem ? [] : broken('head', `its name is ${head.name}, its file ${stem}.sql: make them one`);
}

function tables({ preview, change }: Runbook): BrokenRule[] {
  if (preview.table === change.table) return [];
  return broken('change', `preview shows ${preview.table}, and change is of ${change.table}`);
}

function columns({ head, preview, change }: Runbook): BrokenRule[] {
  const set = change.kind === 'update' ? change.set.map(({ column }) => column) : [];
  const unseen = set.filter((column) => !preview.columns.includes(column));
  return [
    ...(preview.columns.includes(head.key) ? [] : broken('preview', `it does not list the key, ${head.key}`)),
    ...unseen.flatMap((column) => broken('preview', `change sets ${column}, and preview does not show it`)),
    ...(set.includes(head.key) ? broken('change', `it sets the key, ${head.key}: then nothing could be undone`) : []),
    ...(new Set(set).size < set.length ? broken('change', 'it sets a column twice') : []),
  ];
}

function moments({ change }: Runbook): BrokenRule[] {
  if (change.kind === 'delete') return [];
  const mixed = change.set.find(({ value }) => value.parameters.includes(now) && value.sql !== '?');
  return mixed === undefined ? [] : broken('change', `${mixed.column} is set to :now alone, or without it`);
}

function undeclared(runbook: Runbook): BrokenRule[] {
  const known = new Set([...Object.keys(runbook.head.parameters), now]);
  return places(runbook).flatMap(({ at, piece }) => {
    const strange = piece.parameters.find((parameter) => !known.has(parameter));
    return strange === undefined ? [] : broken(at, `:${strange} is no parameter of its head`);
  });
}

function unused(runbook: Runbook): BrokenRule[] {
  const used = new Set(places(runbook).flatMap(({ piece }) => piece.parameters));
  const declared = Object.keys(runbook.head.parameters);
  const idle = declared.find((parameter) => !used.has(parameter) && !isStated(runbook, parameter));
  if (declared.includes(now)) return broken('head', 'now is always there: call the parameter otherwise');
  return idle === undefined ? [] : broken('head', `no statement uses its parameter ${idle}`);
}

/** A choice with one word is a sentence that the human has to say. */
function isStated({ head }: Runbook, parameter: string): boolean {
  return head.parameters[parameter]?.choices?.length === 1;
}

function servers({ head }: Runbook): BrokenRule[] {
  const found = Object.values(head.parameters).filter(({ type }) => type === 'server');
  return found.length > 1 ? broken('head', 'several parameters are servers: which cell would it be?') : [];
}

function calls({ head }: Runbook): BrokenRule[] {
  const named = head.instead.flatMap(({ when = {}, call }) => [
    ...Object.keys(when),
    ...[...call.matchAll(/\{(\w+)\}/g)].map(([, word = '']) => word),
  ]);
  const strange = named.find((word) => !(word in head.parameters));
  return strange === undefined ? [] : broken('head', `instead names ${strange}, which is no parameter`);
}

function words({ checks }: Runbook): BrokenRule[] {
  return checks.flatMap(({ kind, said }) =>
    said === '' ? broken(kind, `-- ${kind}: says behind the colon why nothing is done where it does not hold`) : [],
  );
}

function places({ preview, change, checks }: Runbook): { at: Section['kind']; piece: Piece }[] {
  return [
    { at: 'preview', piece: preview.where },
    { at: 'change', piece: change.where },
    ...(change.kind === 'update' ? change.set.map(({ value }) => ({ at: 'change' as const, piece: value })) : []),
    ...checks.map(({ kind, select }) => ({ at: kind, piece: select })),
  ];
}

function broken(at: BrokenRule['at'], said: string): BrokenRule[] {
  return [{ at, said }];
}
