import { z } from 'zod';
import answer from '../../commands/answer.ts';
import approve from '../../commands/approve.ts';
import auditVerify from '../../commands/audit/verify.ts';
import cancel from '../../commands/cancel.ts';
import deny from '../../commands/deny.ts';
import freeze from '../../commands/freeze.ts';
import mine from '../../commands/mine.ts';
import thaw from '../../commands/thaw.ts';
import { text } from '../../src/chat/report.ts';
import type { StepContext } from '../../src/command/command.ts';
import { change, positional, query, step } from '../../src/command/make.ts';
import { done, type Outcome } from '../../src/command/outcome.ts';
import type { Closing, Stage } from '../../src/command/plan.ts';
import { register, registryOf } from '../../src/command/registry.ts';
import type { Cloud } from '../../src/openstack/cloud.ts';
import { openStory, type Story, type StoryOptions } from '../story.ts';

/** A cloud that is never asked: these stories are about jobs. */
const nowhere = { name: 'demo' } as Cloud;

export interface Toy {
  /** What each step does, by its name; the default is to end done. */
  steps: Record<string, (context: StepContext) => Promise<Outcome>>;
  /** The names in the order in which their requests left. */
  log: string[];
  /** Rows of the next plan: name to weight. */
  rows: Record<string, number>;
  stages: z.input<typeof Stage>[];
  /** The stage of a step that is not of the first. */
  later: Record<string, string>;
  claims: string[];
  /** The host that the next plan closes, one of a few. */
  closing: Closing | null;
  /** How long a cloud takes to answer `look`. */
  looks: () => Promise<void>;
}

export function toy(): Toy {
  return {
    steps: {},
    log: [],
    rows: {},
    stages: [
      { name: 'go', lanes: 2, onFailure: 'continue' },
      { name: 'proof', always: true },
    ],
    later: {},
    claims: [],
    closing: null,
    looks: async () => undefined,
  };
}

type Stages = z.input<typeof Stage>[];

export function toyRegistry(play: Toy) {
  const go = change({
    summary: 'Do what the test says',
    examples: ['go a,b'],
    role: 'operator',
    risk: 'disruptive',
    args: { what: positional(z.string(), 'names') },
    steps: {
      one: step(z.object({ name: z.string() }), async ({ name }, context) => {
        const custom = play.steps[name];
        if (custom !== undefined) return custom(context);
        await context.act({ asked: name }, async () => play.log.push(name));
        return done(`did ${name}`);
      }),
    },
    plan: async ({ what }) => {
      const stages: Stages = play.stages;
      const names = what.split(',').filter((name) => play.rows[name] !== -1);
      const last = stages.at(-1)?.always
        ? [{ key: 'proof', step: 'one' as const, input: { name: 'proof' }, stage: 'proof', label: 'proof' }]
        : [];
      return {
        title: `go ${what}`,
        stages,
        rows: [
          ...names,
          ...Object.keys(play.rows).filter((name) => !names.includes(name) && (play.rows[name] ?? 0) >= 0),
        ].map((name) => ({
          key: name,
          verdict: `weight ${play.rows[name] ?? 1}`,
          weight: play.rows[name] ?? 1,
          label: name,
          why: '',
        })),
        steps: [
          ...names.map((name) => ({
            key: `one:${name}`,
            step: 'one' as const,
            input: { name },
            stage: play.later[name] ?? stages[0]?.name ?? 'go',
            label: name,
          })),
          ...last,
        ],
        claims: play.claims,
        ...(play.closing === null
          ? {}
          : { closing: { ...play.closing, host: what, fellows: play.closing.fellows.filter((one) => one !== what) } }),
      };
    },
    report: (job) => ({
      title: `went: ${job.state}`,
      tone: 'plain',
      blocks: job.steps.map((one) => text(`${one.label} ${one.state} ${one.note}`.trim())),
    }),
  });
  const look = query({
    summary: 'Look',
    examples: ['look'],
    role: 'reader',
    args: {},
    answer: async () => {
      await play.looks();
      return { title: 'seen', tone: 'good', blocks: [] };
    },
  });
  return registryOf([
    register('go', go),
    register('look', look),
    register('approve', approve),
    register('deny', deny),
    register('cancel', cancel),
    register('answer', answer),
    register('freeze', freeze),
    register('mine', mine),
    register('thaw', thaw),
    register('audit verify', auditVerify),
  ]);
}

export function openToyStory(play: Toy, options: StoryOptions = {}): Promise<Story> {
  return openStory({ registry: toyRegistry(play), clouds: { demo: async () => nowhere }, ...options });
}

/** Asked by alice, approved by bob; resolves with the job's id as soon as it may run. */
export async function approved(story: Story, what: string): Promise<string> {
  await story.say('alice', `!go ${what}`);
  const job = await story.lastJob();
  await story.mutter('bob', `!approve ${job}`);
  return job;
}

/** The last card of a job that has ended in this state, as lines. */
export async function endedAs(story: Story, job: string, state: string): Promise<string[]> {
  await story.until(`${job} ${state}`, async () => (await story.state(job)) === state);
  await story.until('its card', () => story.card(job)?.footer?.includes(' s') ?? false).catch(() => undefined);
  return story.card(job)?.blocks.map((block) => (block.kind === 'text' ? block.text : block.kind)) ?? [];
}

/** A promise and its key. */
export function gate(): { opened: Promise<void>; open(): void } {
  let open: () => void = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}
