import { afterAll, beforeAll, expect, test } from 'vitest';
import { openStage, type Stage, wordsOf } from '../operators/stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage({ servers: 12, hosts: 4 });
});
afterAll(() => stage.close());

test('hosts, a host, servers and a server are told as a tired person asks for them', async () => {
  expect(await say('hosts')).toMatch(
    /^demo: 4 compute hosts\nhost \| zone \| service \| servers \| vCPU \| RAM \| reason\ncmp1 \| nova \| enabled, up \|/,
  );
  const host = await say('host cmp1');
  expect(host).toMatch(/^cmp1: enabled, up, \d+ servers?\n/);
  const [, name = '', id = ''] = /^(\S+) \| ([0-9a-f-]{36}) \|/m.exec(host) ?? [];

  expect(await say('servers --host cmp1')).toContain(id);
  expect(await say(`server ${name}`)).toContain(`id: ${id}`);
  expect(await say(`server ${id.slice(0, 8)}`)).toContain(`id: ${id}`);
});

test('what is mistyped is answered with what to type', async () => {
  expect(await say('host cpm1')).toContain('demo has no compute host "cpm1"; did you mean cmp1');
  expect(await say('server nothing-like-it')).toContain(
    'give a uuid, its first 4 characters or more, or the exact name',
  );
  expect(await say('servers --status actve')).toContain('did you mean ACTIVE?');
  expect(await say('servers --project nobody-has-it')).toContain('demo has no project "nobody-has-it"');
});

async function say(line: string): Promise<string> {
  return wordsOf(await stage.story.say('rita', `!${line}`));
}
