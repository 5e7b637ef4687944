import { afterEach, expect, test, vi } from 'vitest';
import { hasEnded, JobState } from '../../src/jobs/job.ts';
import { openStage, type Stage, wordsOf } from '../operators/stage.ts';
import { onLab } from './stage.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 300_000 });

let stage: Stage | null = null;
afterEach(() => stage?.close());

// The lab speaks what its release speaks: only the simulator can be old.
test.skipIf(onLab).each(['2.24', '2.46', '2.56'])(
  'at %s a host is planned with figures and drained with proof, as far as its age can tell',
  async (maxMicroversion) => {
    stage = await openStage({ maxMicroversion, speed: 20, migrateSeconds: 1 });
    const { story } = stage;
    const said = async (person: string, line: string) => wordsOf(await story.say(person, line));
    expect(await said('rita', '!server db-1')).toContain('lab.large: 4 vCPU, 4 GB, 8 GB disk');

    const plan = await said('alice', '!maintenance cmp1');
    expect(plan).toMatch(/web-1 .*512 MB/);
    expect(plan).not.toMatch(/no candidate|blocked/);
    const job = await story.lastJob();
    expect(await said('bob', `!approve ${job}`)).toContain('approved');
    await story.until(`the end of ${job}`, async () => hasEnded(JobState.parse(await story.state(job))), 60_000);

    await story.until(
      'its last card',
      () => !wordsOf(story.card(job) ?? { title: '', tone: 'plain', blocks: [] }).includes('running'),
    );
    expect([await story.state(job), wordsOf(story.card(job) ?? { title: '', tone: 'plain', blocks: [] })]).toEqual([
      'done',
      expect.stringContaining('cmp1 is empty'),
    ]);
  },
);

test.skipIf(onLab)(
  'from 2.97 on a server with Manila shares is blocked beforehand, however it would leave',
  async () => {
    stage = await openStage({ maxMicroversion: '2.103', servers: 0, speed: 20 });
    const { simulator, story } = stage;
    await simulator.control.createServer({ name: 'files', host: 'cmp1', shares: 1 });
    await simulator.control.createServer({ name: 'plain', host: 'cmp1' });
    const drain = wordsOf(await story.say('alice', '!maintenance cmp1'));
    expect(drain).toMatch(
      /files .* \| blocked \| it has Manila shares: Nova moves it neither live nor cold; 1 Manila share/,
    );
    expect(drain).toContain('1 live, 1 blocked');
  },
);
