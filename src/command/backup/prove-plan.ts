import { type Block, text } from '../../chat/report.ts';
import { UserError } from '../../chat/user-error.ts';
import type { PlanContext } from '../command.ts';
import type { PlanDraft, PlannedStep } from '../plan.ts';
import { age, list } from '../words.ts';
import { bytes } from './doubt.ts';
import type { Backup } from './ledger.ts';
import { keyBlocks, stateWords } from './words.ts';

export type ProveDraft = PlanDraft & { steps: (PlannedStep & { step: 'copy' | 'prove' | 'keep' })[] };

/** `backup prove`: the newest dump of each server, or the one that is named: restored and looked at, whatever was found before. */
export async function provePlan(name: string | undefined, { cloud, backups, now }: PlanContext): Promise<ProveDraft> {
  const { dumps } = cloud.databases;
  const servers = dumps.servers().map((server) => server.name);
  const known = await backups.list();
  const chosen = name === undefined ? newest(servers, known) : [named(name, known)];
  if (chosen.length === 0)
    throw new UserError(`nothing of ${cloud.name} was dumped that could be proven: type backup run`);
  const { keep, host, copies } = await dumps.place();
  const input = { servers: chosen.map(({ server }) => server), keep };
  const refused = chosen.some(({ state }) => state === 'failed');
  return {
    title: `prove ${list(chosen.map((one) => one.name))}`,
    blocks: [...chosen.flatMap(doubts), ...keyBlocks(chosen.map(({ facts }) => facts))],
    rows: chosen.map((one) => ({
      key: `prove:${one.server}`,
      label: one.server,
      verdict: 'prove',
      weight: 1,
      why: `${one.name} of ${age(one.dumpedAt, now)} ago, ${bytes(one.facts.bytes)}, restored into a server of its own on ${host}`,
    })),
    stages: [
      { name: 'proof', onFailure: 'continue' },
      { name: 'keep', onFailure: 'continue' },
    ],
    steps: [
      ...(copies === null ? [] : chosen.map(copyStep)),
      ...chosen.map((one) => ({
        key: `prove:${one.server}`,
        step: 'prove' as const,
        input: { server: one.server, name: one.name },
        stage: 'proof',
        label: `prove ${one.name}`,
      })),
      // What others count on goes only by the word of a dump that nobody doubted.
      ...(refused ? [] : [{ key: 'keep', step: 'keep' as const, input, stage: 'keep', label: 'remove older ones' }]),
    ],
    claims: [`backup:${cloud.name}`],
    size: chosen.length,
    ...(refused ? { risk: 'disruptive' as const, votes: { extra: 0, least: 1 } } : {}),
  };
}

/** One that was refused, or dumped while the other disk was away, is there afterwards, too: what was there is written again. */
function copyStep({ server, name }: Backup) {
  const input = { server, name };
  return { key: `copy:${server}`, step: 'copy' as const, input, stage: 'proof', label: `copy ${name}` };
}

/** A dump that was refused is tried only by its name: whoever says it accepts what was found. */
function newest(servers: readonly string[], known: readonly Backup[]): Backup[] {
  return servers.flatMap((server) => known.find((one) => one.server === server && one.state !== 'failed') ?? []);
}

function named(name: string, known: readonly Backup[]): Backup {
  const found = known.find((one) => one.name === name);
  if (found !== undefined) return found;
  const there = list(known.map((one) => one.name));
  throw new UserError(
    `there is no dump ${name}: ${there === '' ? 'there is none at all, backup run makes one' : `there are ${there}`}`,
  );
}

function doubts(one: Backup): Block[] {
  if (one.state !== 'failed') return [];
  return [
    text(`${one.name} is ${stateWords(one)}. Proven, it is what later ones are held against; none is removed for it.`),
  ];
}
