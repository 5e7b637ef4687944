import { type Block, text } from '../../chat/report.ts';
import type { DumpFacts, DumpServer } from '../../openstack/cloud.ts';
import { duration, list, moment } from '../words.ts';
import { bytes } from './doubt.ts';
import type { Backup } from './ledger.ts';

/** `7 h ago, restores in 14 min`: how old what it holds is, and how long it takes to have it again. */
export function provenWords({ dumpedAt, restoreSeconds }: Backup, now: Date): string {
  return `${duration(now.getTime() - dumpedAt.getTime())} ago, restores in ${restoreWords(restoreSeconds)}`;
}

export function restoreWords(seconds: number | null): string {
  return seconds === null ? '?' : duration(Math.max(1, seconds) * 1000);
}

/** Of several servers one after the other, as people type it. */
export function restoreAllWords(seconds: readonly (number | null)[]): string {
  const [only = null] = seconds;
  if (seconds.length === 1) return restoreWords(only);
  return `${restoreWords(seconds.reduce<number>((sum, one) => sum + (one ?? 0), 0))}, one server after the other`;
}

/** The newest proven one that holds everything the server should have. */
export function lastProven(known: readonly Backup[], { name, databases }: DumpServer): Backup | null {
  return known.find((one) => one.server === name && one.state === 'proven' && covers(one, databases)) ?? null;
}

/** Where there is no such one. */
export function nothingOf({ name, databases }: DumpServer): string {
  return `${name}: nothing that holds ${list([...databases])} was ever restored`;
}

function covers({ facts }: Backup, databases: readonly string[]): boolean {
  return databases.every((database) => facts.databases.some(({ name }) => name === database));
}

/** Of each dump; those of one night name the same. */
export function keyBlocks(dumps: readonly Pick<DumpFacts, 'keys'>[]): Block[] {
  const blocks = dumps.map(({ keys }) => [JSON.stringify(keys), keyBlock(keys)] as const);
  return [...new Map(blocks).values()];
}

/** Without them a restored keystone cannot read its own credentials, and every token is void. */
export function keyBlock({ fernet, credential }: DumpFacts['keys']): Block {
  const missing = [...(fernet === null ? ['fernet-keys'] : []), ...(credential === null ? ['credential-keys'] : [])];
  if (missing.length > 0)
    return text(`keys not backed up: nobody says where the backup of ${missing.join(' and ')} is (docs/backups.md)`);
  return { kind: 'fields', fields: [['keys', `fernet-keys in ${fernet}, credential-keys in ${credential}`]] };
}

export function stateWords({ state, why }: Backup): string {
  return why === '' ? state : `${state}: ${why}`;
}

export function rowOf(backup: Backup): string[] {
  const { name, server, dumpedAt, facts, restoreSeconds } = backup;
  const restores = backup.state === 'proven' ? restoreWords(restoreSeconds) : '-';
  return [name, server, moment(dumpedAt), bytes(facts.bytes), restores, whereOf(backup), stateWords(backup)];
}

/** The host whose file it is; the bucket where it is in one. */
function whereOf({ path, name, host }: Backup): string {
  return path.startsWith('/') ? host : path.slice(0, -name.length - 1);
}
