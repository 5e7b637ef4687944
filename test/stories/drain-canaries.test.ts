import { afterEach, expect, test } from 'vitest';
import type { Entry } from '../clouds/ground.ts';
import { onLab, openStage, type Stage } from './stage.ts';

let stage: Stage;
afterEach(() => stage?.close());

function began(journal: readonly Entry[]): Set<string> {
  return new Set(journal.map(({ server }) => server));
}

test.skipIf(onLab)(
  'three go first, beside each other where their host sends so many; the others follow the first that left',
  async () => {
    stage = await openStage({ simulator: { lanes: 4, migrateSeconds: 100 } });
    const { cloud } = stage;
    const host = await cloud.ownHost();
    await cloud.servers(5, host);
    expect((await stage.run(`maintenance ${host}`)).state).toBe('done');
    const journal = await cloud.journal();
    const left = journal.findIndex(({ status }) => status === 'completed');
    expect(began(journal.slice(0, left)).size).toBe(3);
    // Two of them were still on their way when the fourth began.
    const arrived = journal.filter(({ status }) => status === 'completed').map(({ migration }) => migration);
    const fourth = journal.findIndex(
      ({ server }, at) => began(journal.slice(0, at)).size === 3 && !began(journal.slice(0, at)).has(server),
    );
    const before = journal.slice(0, fourth).filter(({ status }) => status === 'completed');
    expect(before.length).toBeLessThan(3);
    expect(arrived.length).toBe(5);
  },
);

test.skipIf(onLab)(
  'one of the first that hangs holds up nobody once another has left, and ends by its own deadline',
  async () => {
    stage = await openStage({ simulator: { lanes: 2 }, settings: { serverDeadline: 8000 } });
    const { cloud } = stage;
    const host = await cloud.ownHost();
    const [hangs, ...others] = await cloud.servers(6, host);
    if (hangs === undefined) throw new Error('six servers were asked for');
    await cloud.fail('hang', hangs.name);
    const { state, words } = await stage.run(`maintenance ${host} --order name`);
    expect(state).toBe('partial');
    expect(words).toMatch(new RegExp(`${hangs.name}.*aborted after .*its deadline`));
    const journal = await cloud.journal();
    const left = (entries: readonly Entry[]) => began(entries.filter(({ status }) => status === 'completed'));
    const aborted = journal.findIndex(({ server, status }) => server === hangs.id && status === 'cancelled');
    // More than the two that went first with it.
    expect(left(journal.slice(0, aborted)).size).toBeGreaterThan(2);
    expect(left(journal)).toEqual(new Set(others.map(({ id }) => id)));
  },
);
