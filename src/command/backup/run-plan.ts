import { type Block, text } from '../../chat/report.ts';
import { UserError } from '../../chat/user-error.ts';
import type { DumpPlace, DumpServer, DumpSurvey } from '../../openstack/cloud.ts';
import type { PlanContext } from '../command.ts';
import type { PlanDraft, PlannedStep, PlanRow } from '../plan.ts';
import { list } from '../words.ts';
import { bytes } from './doubt.ts';
import type { Backup } from './ledger.ts';
import { keyBlock, lastProven, provenWords, restoreWords } from './words.ts';

interface Surveyed extends DumpServer {
  readonly survey: DumpSurvey;
  readonly last: Backup | null;
}

export type Act = PlannedStep & { step: 'dump' | 'copy' | 'prove' | 'keep' };
export type Draft = PlanDraft & { steps: Act[] };

/** What zstd makes of rows, carefully reckoned. */
const shrinks = 3;

/** `backup run`: one dump of each server, tried at once; only then is it called a backup. */
export async function runPlan(
  { databases, proof }: { databases: readonly string[]; proof: boolean },
  { cloud, backups, signal, now }: PlanContext,
): Promise<Draft> {
  const { dumps } = cloud.databases;
  await dumps.ready();
  const chosen = choose(dumps.servers(), databases);
  const place = await dumps.place();
  const known = await backups.list();
  const servers: Surveyed[] = [];
  for (const server of chosen)
    servers.push({ ...server, survey: await dumps.survey(server, { signal }), last: lastProven(known, server) });
  mustFit(servers, place);
  return {
    title: `dump ${list(servers.map(({ name }) => name))} of ${cloud.name}${proof ? ' and prove it' : ''}`,
    blocks: [{ kind: 'fields', fields: facts(servers, place, now) }, keyBlock(place.keys), ...warnings(servers)],
    rows: [...servers.flatMap((server) => rowsOf(server, place, proof)), keepRow(place)],
    stages: [
      { name: 'dump', onFailure: 'continue' },
      { name: 'proof', onFailure: 'continue' },
      { name: 'keep', onFailure: 'continue' },
    ],
    steps: [...servers.flatMap((server) => stepsOf(server, place, proof)), keepStep(servers, place)],
    claims: [`backup:${cloud.name}`],
    size: servers.reduce((sum, server) => sum + server.databases.length, 0),
  };
}

function choose(servers: readonly DumpServer[], wanted: readonly string[]): DumpServer[] {
  const known = servers.flatMap(({ databases }) => databases);
  const unknown = wanted.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new UserError(`vigie.backup lists no database ${unknown}: it has ${list([...new Set(known)], 20)}`);
  if (wanted.length === 0) return [...servers];
  return servers
    .map(({ name, databases }) => ({ name, databases: databases.filter((database) => wanted.includes(database)) }))
    .filter(({ databases }) => databases.length > 0);
}

function mustFit(servers: readonly Surveyed[], { freeBytes, target }: DumpPlace): void {
  const needed = servers.reduce((sum, { survey, last }) => sum + (last?.facts.bytes ?? survey.bytes / shrinks), 0);
  if (freeBytes !== null && freeBytes < needed)
    throw new UserError(`the dumps may need ${bytes(needed)}, and ${target} has ${bytes(freeBytes)} left`);
}

function facts(servers: readonly Surveyed[], place: DumpPlace, now: Date): [string, string][] {
  const { target, keyId, freeBytes, copies } = place;
  const sealed = keyId === null ? 'in clear' : `sealed to key ${keyId}`;
  return [
    ...servers.map(({ name, survey }): [string, string] => [
      name,
      `${survey.version}, ${bytes(survey.bytes)} in ${survey.tables} tables`,
    ]),
    ['to', `${target}, ${sealed}${freeBytes === null ? '' : `, ${bytes(freeBytes)} free`}`],
    ...(copies === null ? [] : [['copy', copies] satisfies [string, string]]),
    ...servers.map(({ name, last }): [string, string] => [
      `last proven of ${name}`,
      last === null ? 'none' : provenWords(last, now),
    ]),
  ];
}

function warnings(servers: readonly Surveyed[]): Block[] {
  return servers.flatMap(({ name, survey: { unlisted, outside } }) => [
    ...(unlisted.length === 0 ? [] : [text(`On ${name} and in no list, so not dumped: ${list([...unlisted])}.`)]),
    ...(outside.length === 0
      ? []
      : [text(`Not InnoDB, so not of the same moment as the rest: ${list([...outside])}.`)]),
  ]);
}

/** Their verdicts are the same every night: what was approved once for a schedule stays within its bounds. */
function rowsOf({ name, databases, survey, last }: Surveyed, { host, copies }: DumpPlace, proof: boolean): PlanRow[] {
  const row = (verdict: string, why: string): PlanRow => ({
    key: `${verdict}:${name}`,
    label: name,
    verdict,
    weight: 1,
    why,
  });
  const took = last === null ? '' : `; the last one took ${restoreWords(last.restoreSeconds)}`;
  return [
    row('dump', `${list([...databases], 20)}: ${bytes(survey.bytes)}`),
    ...(copies === null ? [] : [row('copy', `to ${copies}, read back from there`)]),
    ...(proof ? [row('prove', `restored into a server of its own on ${host}${took}`)] : []),
  ];
}

function keepRow({ keep }: DumpPlace): PlanRow {
  const why = `${keep} proven ones of each server stay; the last one always`;
  return { key: 'keep', label: 'older ones', verdict: 'remove', weight: 1, why };
}

function stepsOf({ name, databases, survey }: Surveyed, { copies }: DumpPlace, proof: boolean): Act[] {
  const input = { server: name, databases: [...databases], expected: survey.bytes };
  const dump: Act = { key: `dump:${name}`, step: 'dump', input, stage: 'dump', label: `dump ${name}` };
  const copy: Act = {
    key: `copy:${name}`,
    step: 'copy',
    input: { server: name, name: null },
    stage: 'proof',
    label: `copy ${name}`,
  };
  const prove: Act = {
    key: `prove:${name}`,
    step: 'prove',
    input: { server: name, name: null },
    stage: 'proof',
    label: `prove ${name}`,
  };
  return [dump, ...(copies === null ? [] : [copy]), ...(proof ? [prove] : [])];
}

function keepStep(servers: readonly Surveyed[], { keep }: DumpPlace): Act {
  const input = { servers: servers.map(({ name }) => name), keep };
  return { key: 'keep', step: 'keep', input, stage: 'keep', label: 'remove older ones' };
}
