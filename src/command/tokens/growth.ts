import type { GrowthCount, TokenSurvey } from '../../openstack/cloud.ts';
import { list } from '../words.ts';

/** What could be counted and has grown, and what nobody could look at. */
export function growthWords(growth: readonly GrowthCount[]): string {
  const grown = growth.filter(({ rows }) => (rows ?? 0) > 0);
  const words = grown.map(({ database, table, what, rows }) => `${database} ${table} ${rows} ${what}`);
  const unseen = notCounted(growth);
  const told = [
    ...(grown.length > 0 ? [`what grows instead: ${list(words, 6)}`] : []),
    ...(unseen === null ? [] : [`not counted: ${unseen}`]),
  ];
  return `${told.join('; ') || 'nothing else has grown'}.`;
}

/** By database, each with its first reason; null where everything was counted. */
export function notCounted(growth: readonly GrowthCount[]): string | null {
  const unread = growth.filter(({ why }) => why !== null);
  const databases = [...new Set(unread.map(({ database }) => database))];
  if (databases.length === 0) return null;
  const words = databases.map((database) => {
    const own = unread.filter((one) => one.database === database);
    const tables = [...new Set(own.map(({ table }) => table))];
    return `${database} ${list(tables, 3)} (${own[0]?.why})`;
  });
  return words.join('; ');
}

interface Known {
  readonly cloud: string;
  readonly schema: TokenSurvey['schema'];
  /** Whether `nova-manage db archive_deleted_rows` knows --all-cells; null where nobody asked Nova for its version. */
  readonly allCells: boolean | null;
}

const many = 1000;

/** Whose work it is to make each of them smaller, by the command that this release has. */
export function growthAdvice(growth: readonly GrowthCount[], known: Known): string[] {
  const rows = (table: RegExp): number =>
    growth.filter((one) => table.test(one.table)).reduce((sum, one) => sum + (one.rows ?? 0), 0);
  return [
    ...(rows(/^revocation_event$/) > many
      ? [`tokens purge --table revocation_event --cloud ${known.cloud}, for every token check reads it`]
      : []),
    ...(rows(/^trust$/) > 0 ? [trustAdvice(known.schema)] : []),
    ...(rows(/^application_credential$/) > 0
      ? ['expired application credentials stay until their owners delete them']
      : []),
    ...(rows(/^instances$/) > 0 ? [`${archiveCommand(known.allCells)} for Nova’s deleted rows`] : []),
    ...(rows(/^shadow_/) > 0 ? ['nova-manage db purge --before DATE for shadow tables'] : []),
  ];
}

/** Where Keystone's old migrations ended: the releases from Newton on cannot be told apart by them. */
const newton = 109;

function trustAdvice(schema: Known['schema']): string {
  if (typeof schema === 'number' && schema < newton)
    return 'expired trusts stay: keystone-manage has no trust_flush before Stein';
  const from = schema === 'alembic' ? '' : ' (Stein and newer)';
  return `keystone-manage trust_flush${from} for expired trusts (soft-deleted ones go with it)`;
}

/** By itself it takes one cell, the one its nova.conf names: on an API node that is cell0. */
function archiveCommand(allCells: Known['allCells']): string {
  const command = 'nova-manage db archive_deleted_rows --until-complete';
  if (allCells === null) return `${command} (--all-cells from Train on, else in each cell)`;
  return allCells ? `${command} --all-cells` : `${command} in each cell`;
}
