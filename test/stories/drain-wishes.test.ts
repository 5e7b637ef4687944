import { afterEach, expect, test, vi } from 'vitest';
import { storyPolicy } from '../story.ts';
import { openStage, type Stage } from './stage.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

let stage: Stage;
afterEach(() => stage?.close());

/** Servers of alpha, whose wishes the policy heeds, and one of another project. */
async function wishing(policy = `${storyPolicy}wishes: [{ projects: [alpha] }]\n`) {
  stage = await openStage({ settings: { totalDeadline: 120_000 } }, { policy });
  const { cloud } = stage;
  const host = await cloud.ownHost();
  const ids = new Map<string, string>();
  const wishes = [
    ['never', { 'vigie:move': 'never' }],
    ['cold', { 'vigie:move': 'cold' }],
    ['stop', { 'vigie:move': 'stop' }],
    ['night', { 'vigie:window': farWindow() }],
  ] as const;
  for (const [name, metadata] of wishes) {
    const { id } = await cloud.server(name, host);
    ids.set(name, id);
    const { status } = await cloud.owner.call('POST', `/servers/${id}/metadata`, { metadata });
    expect(status).toBe(200);
  }
  return { host, id: (name: string) => ids.get(name) ?? '' };
}

/** Opens hours from now. */
function farWindow(): string {
  const hour = (shift: number) => String((new Date().getUTCHours() + shift) % 24).padStart(2, '0');
  return `${hour(6)}:00-${hour(8)}:00 UTC`;
}

test('what owners ask for by metadata is done for projects that the policy lists', async () => {
  const { host, id } = await wishing();
  const { job, words } = await stage.plan(`maintenance ${host}`);
  expect(words).toMatch(/never[^\n]*blocked[^\n]*never moved/);
  expect(words).toMatch(/stop[^\n]*blocked[^\n]*only while it is stopped/);
  expect(words).toMatch(/cold[^\n]*cold[^\n]*vigie:move = cold/);
  await stage.approve(job);
  const { state, words: end } = await stage.ended(job);
  expect(state).toBe('partial');
  for (const name of ['never', 'stop', 'night']) expect(await stage.cloud.migrations(id(name))).toEqual([]);
  expect(end).toMatch(/night[^\n]*not begun: its owner allows/);
  const [cold] = await stage.cloud.migrations(id('cold'));
  expect(cold).toMatchObject({ type: 'migration', status: 'confirmed' });
  expect(await stage.cloud.show(id('cold'))).toMatchObject({ status: 'ACTIVE' });
});

test('passed over with a reason, they need one more person', async () => {
  const { host, id } = await wishing();
  const { job, words } = await stage.plan(`maintenance ${host} --ignore-wishes "the roof leaks"`);
  expect(words).toMatch(/do not bind: the roof leaks[\s\S]*needs 2 approvals/);
  await stage.say('bob', `approve ${job}`);
  await stage.say('carol', `approve ${job}`);
  expect((await stage.ended(job)).state).toBe('done');
  for (const name of ['never', 'cold', 'stop', 'night'])
    expect((await stage.cloud.migrations(id(name)))[0]).toMatchObject({ type: 'live-migration', status: 'completed' });
});

test('where the policy does not list the project they are only shown', async () => {
  const { host } = await wishing(storyPolicy);
  const { words } = await stage.plan(`maintenance ${host}`);
  expect(words).toMatch(/never[^\n]*live[^\n]*vigie:move = never \(shown only/);
});
