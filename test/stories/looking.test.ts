import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Shown } from '../clouds/servers.ts';
import { openStage, type Stage } from './stage.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 300_000 });

let stage: Stage;
let host: string;
let web: Shown;
let twins: Shown[];

beforeAll(async () => {
  stage = await openStage();
  const { cloud } = stage;
  host = await cloud.ownHost();
  web = await cloud.server('web', host);
  twins = [await cloud.server('twin', host), await cloud.server('twin', host)];
  await cloud.become(twins[0]?.id ?? '', 'SHUTOFF', { 'os-stop': null });
});
afterAll(() => stage?.close());

const say = (line: string) => stage.say('rita', line);

test('hosts lists every compute host with its service', async () => {
  const words = await say('hosts');
  expect(words).toMatch(new RegExp(`${host}\\b.*(enabled|up)`));
});

test('host H shows its service and its servers', async () => {
  const words = await say(`host ${host}`);
  expect(words).toContain(`${host}: `);
  for (const { name } of [web, ...twins]) expect(words).toContain(name);
});

test('servers can be asked for by host, status and name', async () => {
  const stopped = await say(`servers --host ${host} --status SHUTOFF`);
  expect(stopped).toContain(`${stage.cloud.prefix}twin`);
  expect(stopped).not.toContain(web.name);
  const named = await say(`servers --host ${host} --name ${web.name}`);
  expect(named).toContain(web.name);
  expect(named).not.toContain('twin');
});

test('servers of a project are found by its name', async () => {
  expect(await say(`servers --project alpha --name ${web.name}`)).toContain(web.name);
});

test('a server is found by its uuid, by the beginning of one, and by its name', async () => {
  for (const reference of [web.id, web.id.slice(0, 8), web.name])
    expect(await say(`server ${reference}`)).toContain(web.id);
});

test('a name that two servers have is answered with both, to choose from', async () => {
  const words = await say(`server ${stage.cloud.prefix}twin`);
  for (const { id } of twins) expect(words).toContain(id);
});

test('an unknown host is answered with the nearest', async () => {
  const near = `${host.slice(0, -1)}`;
  expect(await say(`host ${near}`)).toContain(host);
});
