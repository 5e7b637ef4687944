import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { channel, enter, type Ops, openOps } from './ops.ts';
import { blackSeconds } from './pace.ts';
import { arrive, type Person } from './person.ts';
import { type CuttableLine, openProxy } from './proxy.ts';
import { type IrcServers, onDebian, startIrc } from './servers.ts';

let irc: IrcServers;
let wire: CuttableLine;
let ops: Ops;
/** By job: its host takes servers again, so that the next one can be emptied. */
const opened = new Map<string, () => Promise<void>>();

describe.runIf(onDebian)('what was asked before a cut is approved after it', () => {
  beforeAll(async () => {
    irc = await startIrc('inspircd', 'far');
    wire = await openProxy(() => irc.inspircd.fast);
    ops = await openOps({ networks: { test: { port: wire.port, services: true } } });
  }, 180_000);
  afterAll(async () => {
    await ops?.close();
    await wire?.close();
    await irc?.stop();
  });

  async function withPeople(story: (alice: Person, bob: Person) => Promise<void>, alicesPort?: number): Promise<void> {
    const people: Person[] = [];
    try {
      const bob = await enter(irc, 'bob', 'bob');
      people.push(bob);
      const alice = await enter(irc, 'alice', 'alice', alicesPort);
      people.push(alice);
      await story(alice, bob);
    } finally {
      await Promise.all(people.map((person) => person.quit().catch(() => undefined)));
    }
  }

  async function asked(alice: Person): Promise<{ job: string; host: string }> {
    const host = await ops.stage.cloud.ownHost();
    await ops.stage.cloud.servers(1, host);
    const { job } = await ops.plan(alice, `maintenance ${host}`);
    opened.set(job, () => ops.stage.cloud.enable(host));
    return { job, host };
  }

  /** Services take a moment to be linked again: whoever comes meanwhile is not logged in. */
  async function peopleLogIn(): Promise<void> {
    const comesIn = async () => {
      const carol = await arrive({ port: irc.inspircd.fast, nick: 'carol', account: 'carol' });
      await carol.quit();
    };
    const comes = () =>
      comesIn().then(
        () => true,
        () => false,
      );
    await expect.poll(comes).toBe(true);
  }

  async function approved(job: string, bob: Person): Promise<void> {
    await bob.ask(channel, `!approve ${job}`, new RegExp(`${job}|approved`));
    expect(await ops.ended(job)).toBe('done');
    await opened.get(job)?.();
  }

  test('the asker is split away: the others go on, and the asker reads the end when back', () =>
    withPeople(async (alice, bob) => {
      const { job, host } = await asked(alice);
      irc.far.link.turnAway(true);
      irc.far.link.cut();
      const mallory = await enter(irc, 'alice');
      await mallory.ask(channel, `!approve ${job}`, /services do not know you|knows nobody|approve/);
      expect(await ops.stage.story.state(job)).toBe('awaiting');
      await approved(job, bob);
      await mallory.quit();
      irc.far.link.turnAway(false);
      await expect
        .poll(
          () =>
            alice.ask(channel, `!job ${job}`, new RegExp(host), 1000).then(
              () => true,
              () => false,
            ),
          {
            timeout: 30_000,
          },
        )
        .toBe(true);
    }, irc.far.port));

  test('vigie is cut off, and says nothing twice', () =>
    withPeople(async (alice, bob) => {
      const { job } = await asked(alice);
      wire.cut();
      await enter(irc, 'carol', 'carol').then((carol) => carol.quit());
      const plans = bob.heard.filter(({ text }) => text.includes(`approve ${job}`));
      expect(plans.length).toBe(1);
      await approved(job, bob);
    }));

  test(
    'nothing passes for a while',
    () =>
      withPeople(async (alice, bob) => {
        const { job } = await asked(alice);
        wire.swallow(true);
        await expect.poll(() => ops.connected()).toBe(false);
        await sleep(blackSeconds * 1000);
        wire.swallow(false);
        // Nobody cuts it: what was begun meanwhile and half arrived has to end by itself.
        await enter(irc, 'carol', 'carol').then((carol) => carol.quit());
        await approved(job, bob);
      }),
    300_000,
  );

  test('a split takes its nick: back with its own, it hears the vote', () =>
    withPeople(async (alice, bob) => {
      const { job } = await asked(alice);
      irc.far.link.turnAway(true);
      irc.far.link.cut();
      const thief = await arrive({ port: irc.far.port, nick: 'vigie' });
      irc.far.link.turnAway(false);
      const heard = () => bob.ask('vigie', 'whoami', /You are bob/, 500).then(Boolean, () => false);
      await expect.poll(heard).toBe(true);
      await approved(job, bob);
      await thief.quit().catch(() => undefined);
    }));

  test('the server restarts', async () => {
    let job = '';
    await withPeople(async (alice) => {
      ({ job } = await asked(alice));
    });
    await irc.inspircd.restart();
    await peopleLogIn();
    await withPeople(async (_alice, bob) => approved(job, bob));
  }, 120_000);

  test(
    'services restart',
    () =>
      withPeople(async (alice, bob) => {
        const { job } = await asked(alice);
        await irc.atheme.restart();
        await approved(job, bob);
        await peopleLogIn();
      }),
    120_000,
  );

  test('services are away when vigie comes: it says so once, and takes no orders', async () => {
    await withPeople(async (alice, bob) => {
      const { job } = await asked(alice);
      await irc.atheme.stop();
      wire.cut();
      const after = bob.heard.length;
      await bob.hears(/vigie is not logged in to services/, { after });
      const refused = await bob.ask(channel, `!approve ${job}`, /not logged in/);
      expect(refused.text).not.toMatch(/approved/);
      expect(bob.heard.slice(after).filter(({ text }) => /until it is, it knows nobody/.test(text)).length).toBe(1);
      expect(await ops.stage.story.state(job)).toBe('awaiting');
      await irc.atheme.start();
      const heard = () => bob.ask(channel, '!whoami', /You are bob/, 500).then(Boolean, () => false);
      await expect.poll(heard).toBe(true);
      await approved(job, bob);
    });
  }, 120_000);
});
