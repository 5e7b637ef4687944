import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { begin, told } from './campaigning.ts';
import { onLab, openStage, type Stage } from './stage.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

// Aggregates of a story's own and hosts that die are the simulator's; the lab's are others' too.
let stage: Stage;
let hosts: string[];
beforeAll(async () => {
  if (onLab) return;
  stage = await openStage();
  const { cloud } = stage;
  hosts = [await cloud.ownHost(), await cloud.ownHost(), await cloud.ownHost(), await cloud.ownHost()];
  await aggregate('ssd', hosts);
  await aggregate('empty', []);
});
afterAll(() => stage?.close());

async function aggregate(name: string, members: readonly string[]): Promise<void> {
  const { admin } = stage.cloud;
  const { body } = await admin.call('POST', '/os-aggregates', { aggregate: { name } });
  for (const host of members)
    await admin.call('POST', `/os-aggregates/${body.aggregate.id}/action`, { add_host: { host } });
}

function add(line: string): Promise<string> {
  return stage.say('alice', `campaign add ${line}`);
}

test.skipIf(onLab)('a set that names nothing is refused, with the nearest that does', async () => {
  expect(await add('aggregate=sdd')).toContain('demo has no aggregate "sdd"; did you mean ssd?');
  expect(await add('aggregate=gold')).toContain('demo has no aggregate "gold"; there are empty, ssd');
  expect(await add('aggregate=empty')).toContain('aggregate empty of demo has no hosts');
  expect(await add('zone=nov')).toContain('demo has no zone "nov" with compute hosts; did you mean nova?');
  expect(await add('hosts=cmp1,cmpp2')).toContain('demo has no compute host "cmpp2"; did you mean cmp2');
  expect(await add('hosts=cmp1,cmp2,cmp1')).toContain('names cmp1 twice');
  expect(await add('hosts=cmp1,,cmp2')).toContain('a name is missing');
  expect(await add('hosts=cmp1')).toContain('cmp1 alone is no campaign: `maintenance cmp1`');
  expect(await add('ssd')).toContain('"ssd" names no hosts: type aggregate=ssd, zone=az1 or hosts=cmp1,cmp2');
  expect(await add('aggregate=ssd --except cmp9')).toContain('aggregate=ssd has no such host; did you mean cmp1');
  expect(await add(`aggregate=ssd --except ${hosts.join(',')}`)).toContain('has no host: nothing is left to do');
});

test.skipIf(onLab)('bounds that make no sense are refused, with what does', async () => {
  expect(await add('aggregate=ssd --max-unavailable 0')).toContain('0 would never begin');
  expect(await add('aggregate=ssd --max-unavailable 4')).toContain('would close all 4 hosts at once: 3 at most');
  expect(await add('aggregate=ssd --canary 5')).toContain('more than there are hosts: 4 at most');
  expect(await add('aggregate=ssd --window 22-4')).toContain('type a time of day from and to, as 22:00-04:00');
  expect(await add('aggregate=ssd --window 22:00-22:00')).toContain('type a time of day from and to');
  expect(await add('aggregate=ssd --window 22:00-04:00 --tz Europe/Pari')).toContain('did you mean Europe/Paris?');
  expect(await add('aggregate=ssd --tz Europe/Paris')).toContain('--tz is the window’s: type --window, too');
  expect(await add('aggregate=ssd --until 2d --until-done')).toContain('exclude each other');
  expect(await add('aggregate=ssd --work reboot')).toContain('no hook is called reboot: this cloud has none');
  expect(await stage.say('alice', 'campaign resume 4c1e')).toContain('there is no campaign 4c1e: type campaign list');
  expect(await stage.say('rita', 'campaign add aggregate=ssd')).toContain('needs the role operator');
});

test.skipIf(onLab)('a host that is down, closed or in another campaign is named, and may be left out', async () => {
  const { cloud } = stage;
  const [first = '', second = '', third = '', fourth = ''] = hosts;
  await stage.run(`maintenance ${first} --reason "broken fan"`);
  await cloud.killCompute(second);
  await cloud.until(`${second} is down`, async () => (await cloud.service(second)).state === 'down');
  const refusal = await add('aggregate=ssd');
  expect(refusal).toMatch(new RegExp(`${first} is closed already \\(alice: broken fan, .*${second} is down: end that`));
  expect(refusal).toContain(`leave out with --except ${first},${second}`);
  const id = await begin(stage, `aggregate=ssd --except ${first},${second} --window ${laterWindow()}`);
  const open = await stage.say('rita', 'campaign list');
  expect(open).toMatch(new RegExp(`1 open campaign[\\s\\S]*0 of 2 done; next: ${third} at \\d\\d:00 UTC`));
  expect(await add(`hosts=${third},${fourth}`)).toContain(`${third} is in campaign ${id} of alice`);
  await stage.say('alice', `campaign stop ${id}`);
  const { words } = await stage.plan(`campaign add hosts=${third},${fourth} --canary 0`);
  expect(words).toContain('canary: none');
});

test.skipIf(onLab)('a campaign that nobody approves never begins', async () => {
  const [, , third, fourth] = hosts;
  const { job } = await stage.plan(`campaign add hosts=${third},${fourth}`);
  expect(await stage.say('alice', `campaign stop ${job}`)).toContain(
    `campaign ${job} is not open: its plan is awaiting`,
  );
  await stage.say('bob', `approve ${job}`);
  await stage.say('carol', `deny ${job} --reason "not this week"`);
  await told(stage, /denied by carol: not this week/);
  expect(await stage.say('rita', 'campaign list')).toContain('0 open campaigns');
});

/** Closed for the next hours, whatever the time is. */
function laterWindow(): string {
  const hour = new Date().getUTCHours();
  const clock = (later: number) => `${String((hour + later) % 24).padStart(2, '0')}:00`;
  return `${clock(3)}-${clock(5)}`;
}
