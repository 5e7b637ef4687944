import { z } from 'zod';
import { type Block, type Report, text } from '../../chat/report.ts';
import { UserError } from '../../chat/user-error.ts';
import type { TokenSurvey } from '../../openstack/cloud.ts';
import type { EndedJob, PlanContext, StepContext } from '../command.ts';
import { spokenDuration } from '../duration.ts';
import { done, failed, gone, type Outcome } from '../outcome.ts';
import type { PlanDraft, PlannedStep } from '../plan.ts';
import { count } from '../words.ts';
import { naiveUtc } from './cutoff.ts';
import { isBeforeIndexes, missingIndexes, releaseWords, type TokenIndex, unseenIndexes } from './schema.ts';

export const IndexInput = z.object({ name: z.string(), columns: z.array(z.string()) });

type Draft = PlanDraft & { steps: (PlannedStep & { step: 'create' })[] };

/** CREATE INDEX on (expires) took 25 s for a million rows of 4 KB. */
const secondsPerRow = 25e-6;
const limitMs = 20_000;

/** The indexes that this release's own migrations would have made and that are not there, by their own names. */
export async function indexPlan(context: PlanContext): Promise<Draft> {
  const wanted = await look(context);
  const { missing, galera } = wanted;
  const cloud = context.cloud.name;
  return {
    title: `make ${missing.map(({ name }) => name).join(', ')} on ${cloud}`,
    blocks: blocks(wanted),
    rows: missing.map((index) => ({
      key: `index:${index.name}`,
      label: wordsOf(index),
      verdict: 'create',
      weight: galera === null ? 1 : 2,
      why: '',
    })),
    stages: [{ name: 'index' }],
    steps: missing.map((index) => ({
      key: `create:${index.name}`,
      step: 'create',
      input: { name: index.name, columns: [...index.columns] },
      stage: 'index',
      label: `create ${wordsOf(index)}`,
    })),
    claims: [`tokens:${cloud}`],
    size: missing.length,
  };
}

interface Wanted {
  readonly missing: readonly TokenIndex[];
  readonly release: string;
  readonly estimate: number;
  readonly galera: TokenSurvey['galera'];
  readonly replicas: number;
}

async function look({ cloud, now, signal }: PlanContext): Promise<Wanted> {
  const limits = { signal, limitMs };
  const { exists, estimate } = await cloud.databases.tokens({ ...limits, fullScan: false });
  if (!exists) throw new UserError(`Keystone of ${cloud.name} has no token table: tokens advise says what grows`);
  const survey = await cloud.databases.tokenSurvey(naiveUtc(now), limits);
  const { schema, galera, replicas } = survey;
  if (schema === null)
    throw new UserError(
      `which indexes ${cloud.name} should have depends on its release: grant SELECT on migrate_version and alembic_version`,
    );
  const release = releaseWords(schema);
  if (isBeforeIndexes(schema))
    throw new UserError(
      `${cloud.name} is ${release}: the migration to Havana makes these indexes itself and fails where they are. tokens purge needs none`,
    );
  const unseen = unseenIndexes(survey);
  if (unseen !== null) throw new UserError(unseen);
  const missing = missingIndexes(survey);
  if (missing.length === 0) throw new UserError(`no index of ${release} is missing on ${cloud.name}`);
  return { missing, release, estimate, galera, replicas };
}

function blocks({ release, estimate, galera, replicas }: Wanted): Block[] {
  const seconds = Math.max(1, estimate * secondsPerRow);
  const meanwhile = galera === null ? '; the table is read and written meanwhile' : '';
  const fields: [string, string][] = [
    ['release', release],
    ['rows', `about ${estimate}`],
    ['each takes', `about ${spokenDuration(seconds * 1000)}${meanwhile}`],
  ];
  return [
    { kind: 'fields', fields },
    ...(galera === null ? [] : [text(galeraWords(galera.nodes))]),
    ...(replicas === 0
      ? []
      : [text(`Each replica makes it after that, and lags as long: ${count(replicas, 'replica')}.`)]),
    text('It cannot be stopped once it runs.'),
  ];
}

function galeraWords(nodes: number): string {
  return `On Galera all ${count(nodes, 'node')} wait for each index as long as it takes: no write of any database goes through.`;
}

/** A worker that died leaves the server at work: whoever comes next waits behind it and then finds the index there. */
export async function createIndex(index: z.output<typeof IndexInput>, context: StepContext): Promise<Outcome> {
  if (await isThere(index.name, context))
    return context.checkpoint === null ? gone('there already') : done('there, read back');
  await context.act(index.name, (limits) => context.cloud.databases.createTokenIndex(index, limits));
  return (await isThere(index.name, context))
    ? done('made, read back')
    : failed('the server took it, but it is not there');
}

async function isThere(name: string, { cloud, signal, now }: StepContext): Promise<boolean> {
  const { indexNames } = await cloud.databases.tokenSurvey(naiveUtc(now()), { signal, limitMs });
  return indexNames.includes(name);
}

export function indexReport(job: EndedJob): Report {
  const made = job.steps.filter(({ state }) => state === 'done').length;
  const whole = job.state === 'done';
  return {
    title: whole
      ? `The token table of ${job.cloud} has its indexes`
      : `${made} of ${job.steps.length} indexes made on ${job.cloud}`,
    tone: whole ? 'good' : made > 0 ? 'warn' : 'bad',
    blocks: [{ kind: 'steps', steps: job.steps.map(({ label, state, note }) => ({ label, state, note })) }],
    footer: `${job.cloud} · ${job.id} · ${spokenDuration(job.seconds * 1000)}`,
  };
}

function wordsOf({ name, columns }: TokenIndex): string {
  return `${name} (${columns.join(', ')})`;
}
