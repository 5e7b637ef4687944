import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Ops, openOps } from './ops.ts';

/** With VIGIE_PICTURES=FOLDER they are kept there, for a browser to take the pictures of docs/slack.md. */
const folder = process.env['VIGIE_PICTURES'];

let ops: Ops;
beforeAll(async () => {
  ops = await openOps('socket');
}, 120_000);
afterAll(() => ops?.close());

async function page(path: string, name: string): Promise<string> {
  const html = await (await fetch(`${ops.slack.base}/${path}`)).text();
  if (folder !== undefined) writeFileSync(join(folder, `${name}.html`), html);
  return html;
}

test('a plan, its progress, its end and the home, as people see them', async () => {
  const [bob, carol] = [ops.slack.person('bob'), ops.slack.person('carol')];
  const host = await ops.stage.cloud.ownHost();
  await ops.stage.cloud.servers(6, host);
  const { job, card } = await ops.plan(`maintenance ${host} --reason "PSU swap"`);
  expect(await page('ops', 'slack-plan')).toContain('<button class="danger">Approve</button>');
  carol.opensHome();
  await ops.stage.story.until('the home', () => JSON.stringify(carol.home() ?? {}).includes(job));
  expect(await page(`home/${carol.id}`, 'slack-home')).toContain('1 plan waits for you');
  await ops.stage.cloud.migrationSeconds(120);
  await bob.click(card, 'Approve');
  await bob.sees('ops', ({ ts, text }) => ts === card.ts && /█.* [2-5] of/.test(text), { ms: 60_000 });
  expect(await page('ops', 'slack-progress')).toContain('█');
  expect(await ops.ended(job)).toBe('done');
  expect(await page('ops', 'slack-result')).toContain(`${host} is empty`);
}, 180_000);
