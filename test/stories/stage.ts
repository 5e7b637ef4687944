import type { Report } from '../../src/chat/report.ts';
import { hasEnded, JobState } from '../../src/jobs/job.ts';
import { onLab, openStoryCloud, type StoryCloud, type StoryCloudOptions } from '../clouds.ts';
import { wordsOf } from '../operators/stage.ts';
import { openStory, type Story, type StoryOptions } from '../story.ts';

export { onLab, wordsOf };

/** A cloud with a bot and a worker in front of it. */
export interface Stage {
  readonly cloud: StoryCloud;
  readonly story: Story;
  /** Says a line and returns all the words of the answer. */
  say(person: string, line: string): Promise<string>;
  /** A plan, as it waits for a vote. */
  plan(line: string): Promise<{ job: string; words: string }>;
  /** Plans as alice, approves as bob, waits for the end. */
  run(line: string, ms?: number): Promise<Ran>;
  approve(job: string): Promise<void>;
  ended(job: string, ms?: number): Promise<Ran>;
  /** Rows of what exists only because somebody said something. */
  traces(): Promise<{ jobs: number; leases: number; votes: number }>;
  close(): Promise<void>;
}

export interface Ran {
  readonly job: string;
  readonly state: string;
  readonly report: Report;
  readonly words: string;
}

/** How long a job may take on this cloud, ms. */
const patience = onLab ? 240_000 : 25_000;

export async function openStage(cloudOptions: StoryCloudOptions = {}, storyOptions: StoryOptions = {}): Promise<Stage> {
  const cloud = await openStoryCloud(cloudOptions);
  const story = await openStory({ clouds: { demo: cloud.connect }, ...storyOptions });
  return {
    cloud,
    story,
    say: async (person, line) => wordsOf(await story.say(person, `!${line}`)),
    plan: (line) => plan(story, line),
    approve: (job) => approve(story, job),
    ended: (job, ms) => ended(story, job, ms),
    async run(line, ms) {
      const { job } = await plan(story, line);
      if ((await story.state(job)) === 'awaiting') await approve(story, job);
      return ended(story, job, ms);
    },
    async traces() {
      const count = async (table: 'job' | 'lease' | 'vote') =>
        (await story.database.rows.selectFrom(table).selectAll().execute()).length;
      return { jobs: await count('job'), leases: await count('lease'), votes: await count('vote') };
    },
    async close() {
      await story.stop();
      await cloud.stop();
    },
  };
}

async function plan(story: Story, line: string): Promise<{ job: string; words: string }> {
  const key = await story.mutter('alice', `!${line}`);
  const job = await story.jobOf(key);
  const settled = async () => !['planning', 'queued'].includes(await story.state(job));
  await story.until(`a plan for ${line}`, settled, 60_000);
  await story.until(`the card of ${job}`, () => story.card(job) !== undefined);
  const card = async () => wordsOf(story.card(job) ?? { title: '', tone: 'plain', blocks: [] });
  await story.until(`the plan's card`, async () => !(await card()).includes('reading the cloud'));
  return { job, words: await card() };
}

async function approve(story: Story, job: string): Promise<void> {
  const said = await story.say('bob', `!approve ${job}`);
  if (!said.title.includes('approved')) throw new Error(`${job} could not be approved: ${said.title}`);
}

async function ended(story: Story, job: string, ms = patience): Promise<Ran> {
  const over = async () => hasEnded(JobState.parse(await story.state(job)));
  await story.until(`the end of ${job}`, over, ms).catch(async ({ message }: Error) => {
    throw new Error(`${message}; ${await unfinished(story, job)}`);
  });
  const unsaid = async () =>
    (await story.database.rows.selectFrom('delivery').select('id').where('state', '=', 'waiting').execute()).length;
  await story.until(`the last word on ${job}`, async () => (await unsaid()) === 0);
  const report = story.card(job);
  if (report === undefined) throw new Error(`${job} has no card`);
  return { job, state: await story.state(job), report, words: wordsOf(report) };
}

/** What a job that does not end waits for: each step that has begun, as its row has it. */
async function unfinished({ database }: Story, job: string): Promise<string> {
  const steps = await database.rows.selectFrom('step').selectAll().where('job', '=', job).orderBy('ordinal').execute();
  const words = steps
    .filter(({ state }) => state !== 'waiting')
    .map(
      ({ label, state, attempt, note, checkpoint }) => `${label}: ${state} (${attempt}) ${note} ${checkpoint ?? ''}`,
    );
  return [`its ${words.length} steps that have begun:`, ...words].join('\n  ');
}
