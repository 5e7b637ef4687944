import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { onLab, openStage, type Ran, type Stage } from './stage.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 500_000 });

const phases = ['precheck', 'pre', 'run', 'hang', 'crash', 'cold'] as const;
let stage: Stage;
let host: string;
let ran: Ran;
const ids = new Map<string, string>();

beforeAll(async () => {
  stage = await openStage({ settings: { serverDeadline: onLab ? 20_000 : 3000 } });
  const { cloud } = stage;
  host = await cloud.ownHost();
  for (const name of ['fine', 'well', ...phases]) ids.set(name, (await cloud.server(name, host)).id);
  await cloud.become(ids.get('cold') ?? '', 'SHUTOFF', { 'os-stop': null });
  for (const phase of phases) await cloud.fail(phase, `${cloud.prefix}${phase}*`);
  await cloud.migrationSeconds(onLab ? 3 : 20);
  // By name: a healthy one is among the first four. Where all of those fail, a person is asked.
  ran = await stage.run(`maintenance ${host} --order name --reason reasons`);
});
afterAll(() => stage?.close());

function told(name: string): string {
  return ran.words.split('\n').find((line) => line.includes(`${stage.cloud.prefix}${name}`)) ?? '';
}

test('the healthy ones moved whatever happened to the others', async () => {
  expect(ran.state).toBe('partial');
  for (const name of ['fine', 'well']) expect((await stage.cloud.show(ids.get(name) ?? '')).host).not.toBe(host);
});

test('where Nova recorded why, that is told with the request id', () => {
  expect(told('precheck')).toMatch(/(No valid host|pre-check).*req-/i);
  expect(told('pre ')).toMatch(/req-/);
});

test('where Nova recorded nothing, that is told too, and where to look', () => {
  const silence = new RegExp(`failed while copying; Nova gives no reason; see nova-compute.log on ${host}, req-`);
  expect(told('run')).toMatch(silence);
});

test('one that hangs is aborted at its deadline and stays where it was, running', async () => {
  expect(told('hang')).toMatch(/aborted after .*deadline/);
  const [last] = await stage.cloud.migrations(ids.get('hang') ?? '');
  expect(last?.status).toBe('cancelled');
  expect(await stage.cloud.show(ids.get('hang') ?? '')).toMatchObject({ status: 'ACTIVE', host });
});

test('a crash leaves a server in ERROR and says so; a cold move that fails says so', () => {
  expect(told('crash')).toMatch(/ERROR/);
  expect(told('cold')).toMatch(/req-/);
});

test('what is left has a line to try again and one that ends the maintenance', () => {
  const lines = ran.report.replies?.map(({ line }) => line) ?? [];
  expect(lines.some((line) => line.startsWith(`!maintenance ${host} off`))).toBe(true);
});
