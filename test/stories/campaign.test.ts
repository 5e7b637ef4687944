import { afterEach, expect, test, vi } from 'vitest';
import { begin, children, told } from './campaigning.ts';
import { onLab, openStage, type Stage } from './stage.ts';

vi.setConfig({ testTimeout: onLab ? 600_000 : 180_000, hookTimeout: 300_000 });

let stage: Stage;
afterEach(() => stage?.close());

test('two hosts, one after the other: emptied, worked on until somebody says so, opened again', async () => {
  stage = await openStage();
  const { cloud } = stage;
  const [first, second] = [await cloud.ownHost(), await cloud.ownHost()];
  await cloud.servers(2, first);
  await cloud.servers(1, second);
  const { words } = await stage.plan(`campaign add hosts=${first},${second} --reason "kernel 6.12"`);
  expect(words).toContain('1 of 2 out of service at most');
  expect(words).toMatch(new RegExp(`${first} \\| canary \\| 2 servers`));
  expect(words).toContain("N-1: by today's load it holds without each of them");
  await stage.say('alice', `cancel ${await stage.story.lastJob()}`);

  const id = await begin(stage, `hosts=${first},${second} --reason "kernel 6.12"`);
  await told(stage, new RegExp(`${first} is empty: do its work`));
  expect(await cloud.service(first)).toMatchObject({ status: 'disabled' });
  expect(await stage.say('rita', 'campaign')).toMatch(
    new RegExp(
      `${id} \\| running \\| demo \\| 0 of 2 done, 1 in work; next: ${second} once ${first} is done \\(canary\\)`,
    ),
  );
  expect(await stage.say('rita', `campaign done ${first}`)).toContain('needs the role operator');
  expect(await stage.say('bob', `campaign done ${second}`)).toContain('waits for its turn');
  expect(await stage.say('bob', `campaign done ${first}`)).toContain('it is opened again once it is well');
  await told(stage, new RegExp(`${first} is done; 1 of 2 done; next: ${second} now`));
  expect(await cloud.service(first)).toMatchObject({ status: 'enabled' });

  // Whoever opens the host says that its work is done, too.
  await told(stage, new RegExp(`${second} is empty: do its work`));
  expect((await stage.run(`maintenance ${second} off`)).state).toBe('done');
  await told(stage, /over: 2 of 2 done/);
  const opened = await children(stage, id);
  expect(opened.map(({ human, state }) => `${human} ${state}`)).toEqual(Array(3).fill('alice done'));
  expect(opened[0]?.line).toBe(`maintenance ${first} --reason "kernel 6.12" --cloud demo`);
  expect((await stage.story.say('bob', '!audit verify')).tone).toBe('good');
});

test('where two may be out at once, the next is begun as soon as one of them is back', async () => {
  stage = await openStage();
  const { cloud } = stage;
  const [first, second, third] = [await cloud.ownHost(), await cloud.ownHost(), await cloud.ownHost()];
  for (const host of [first, second, third]) await cloud.servers(1, host);
  const statuses = () => Promise.all([first, second, third].map(async (host) => (await cloud.service(host)).status));
  const id = await begin(stage, `hosts=${first},${second},${third} --max-unavailable 2 --canary 0`);
  await told(stage, new RegExp(`${first} is empty: do its work`));
  await told(stage, new RegExp(`${second} is empty: do its work`));
  expect(await statuses()).toEqual(['disabled', 'disabled', 'enabled']);
  expect(await stage.say('rita', 'campaign')).toMatch(
    new RegExp(`0 of 3 done, 2 in work; next: ${third} once one of ${first}, ${second} is open again`),
  );
  // The later one is done first: the place it leaves is taken, and no other.
  await stage.say('bob', `campaign done ${second}`);
  await told(stage, new RegExp(`${third} is empty: do its work`));
  expect(await statuses()).toEqual(['disabled', 'enabled', 'disabled']);
  for (const host of [first, third]) await stage.say('bob', `campaign done ${host}`);
  await told(stage, /over: 3 of 3 done/);
  expect(await statuses()).toEqual(['enabled', 'enabled', 'enabled']);
  const opened = await children(stage, id);
  expect(opened.map(({ state }) => state)).toEqual(Array(6).fill('done'));
});
