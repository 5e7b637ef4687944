import { afterEach, expect, test, vi } from 'vitest';
import { onLab, openStage, type Stage } from './stage.ts';

vi.setConfig({ testTimeout: 300_000 });

let stage: Stage;
afterEach(() => stage?.close());

test.skipIf(onLab)(
  'where no copy ends and none can be aborted all lanes are lost, each is told, and the drain ends',
  async () => {
    stage = await openStage({ simulator: { lanes: 2 }, settings: { serverDeadline: 2000 } });
    const { cloud, story } = stage;
    const host = await cloud.ownHost();
    // Four go first beside each other; of fewer than five one would go alone, and each be waited for in its turn.
    const servers = await cloud.servers(5, host);
    for (const phase of ['hang', 'abort'] as const) await cloud.fail(phase, `${cloud.prefix}*`);
    const { job } = await stage.plan(`maintenance ${host}`);
    await stage.approve(job);
    const asksAbout = (what: RegExp) => async () => what.test(await stage.say('rita', `job ${job}`));
    await story.until(
      'two lanes are lost',
      async () => (await noted(job, /the abort did not work/)).length === 2,
      120_000,
    );
    // What waits behind them is in nobody's way, and Nova takes it out of its queue without asking the hypervisor.
    // A lost lane is refilled by none: one waits, and the next only once that one is out of the queue.
    for (const number of [1, 2]) {
      await story.until('one is asked about', async () => (await askedAbout(job)).length > 0, 60_000);
      expect(await askedAbout(job)).toHaveLength(1);
      expect(await stage.say('bob', `answer ${job} abort`)).toContain('abort');
      await story.until('it is aborted', async () => (await noted(job, /bob said so/)).length === number, 60_000);
    }
    await story.until('the last is asked about', asksAbout(/all failed to leave/));
    expect(await stage.say('bob', `answer ${job} stop`)).toContain('stop');
    const { state, words } = await stage.ended(job);
    expect(state).toBe('partial');
    expect(words).toContain(`${host} is not empty`);
    expect(
      words.match(/the abort did not work; still migrating, migration \d running: it keeps its place/g),
    ).toHaveLength(2);
    expect(words).toContain('aborted: bob said so; it stays');
    expect(words).toContain('not started: an earlier step failed');
    for (const { name } of servers) expect(words).toContain(name);
    expect(await cloud.service(host)).toMatchObject({ status: 'disabled' });
    await nothingHalfDone(job);
    await cancelsSent(servers.map(({ id }) => id));
    // Whatever held them up is over: they arrive by themselves, and the next drain finds only who stayed.
    await cloud.heal();
    await cloud.until('two have left', async () => (await cloud.on(host)).length === 3);
    expect((await stage.run(`maintenance ${host}`)).state).toBe('done');
  },
);

/** Of its steps, how those ended that say so. */
async function noted(job: string, words: RegExp): Promise<string[]> {
  const { rows } = stage.story.database;
  const ended = await rows.selectFrom('step').select('note').where('job', '=', job).where('ended_at', 'is not', null);
  return (await ended.execute()).map(({ note }) => note).filter((note) => words.test(note));
}

/** The moves of which a person is asked whether they are taken out of Nova's queue. */
async function askedAbout(job: string): Promise<string[]> {
  const { rows } = stage.story.database;
  const steps = rows.selectFrom('step').select(['step_key', 'question']).where('job', '=', job);
  const running = await steps.where('state', '=', 'running').execute();
  const isQueue = ({ question }: { question: unknown }) => /has waited in Nova's queue/.test(JSON.stringify(question));
  return running.filter(isQueue).map(({ step_key: key }) => key);
}

async function nothingHalfDone(job: string): Promise<void> {
  const { rows } = stage.story.database;
  const steps = await rows.selectFrom('step').select(['step_key', 'state']).where('job', '=', job).execute();
  const ended = ['done', 'gone', 'blocked', 'failed', 'unproven'];
  expect(steps.filter(({ state }) => !ended.includes(state))).toEqual([]);
  expect(await rows.selectFrom('claim').selectAll().execute()).toEqual([]);
}

/** Three times where it did not work, once where it did; and each that was tried was moved once. */
async function cancelsSent(ids: readonly string[]): Promise<void> {
  const verbs = await Promise.all(ids.map((id) => stage.cloud.actions(id)));
  const count = (verb: string) => verbs.map((all) => all.filter((one) => one === verb).length).toSorted();
  expect(count('live_migration_cancel')).toEqual([0, 1, 1, 3, 3]);
  expect(count('live-migration')).toEqual([0, 1, 1, 1, 1]);
}
