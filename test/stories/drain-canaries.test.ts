import { afterEach, expect, test } from 'vitest';
import type { Entry } from '../clouds/ground.ts';
import { onLab, openStage, type Stage } from './stage.ts';

let stage: Stage;
afterEach(() => stage?.close());

function began(journal: readonly Entry[]): Set<string> {
  return new Set(journal.map(({ server }) => server));
}

test.skipIf(onLab)(
  'four go first, beside each other where their host sends so many; the others follow the first that left',
  async () => {
    stage = await openStage({ simulator: { lanes: 4 }, settings: { serverDeadline: 15_000 } });
    const { cloud } = stage;
    const host = await cloud.ownHost();
    const servers = await cloud.servers(5, host);
    // Three of the four are on their way for long.
    for (const { name } of servers.slice(0, 3)) await cloud.fail('hang', name);
    expect((await stage.run(`maintenance ${host} --order name`)).state).toBe('partial');
    const journal = await cloud.journal();
    const is = (what: string) => (entry: Entry) => entry.status === what;
    expect(began(journal.slice(0, journal.findIndex(is('completed')))).size).toBe(4);
    const meanwhile = journal.slice(0, journal.findIndex(is('cancelled')));
    expect(began(meanwhile.filter(is('completed')))).toEqual(new Set(servers.slice(3).map(({ id }) => id)));
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
    // More than the three that went first with it.
    expect(left(journal.slice(0, aborted)).size).toBeGreaterThan(3);
    expect(left(journal)).toEqual(new Set(others.map(({ id }) => id)));
  },
);
