import { once } from 'node:events';
import { createServer } from 'node:http';
import { afterEach, expect, test, vi } from 'vitest';
import type { CloudConfig } from '../../src/openstack/config.ts';
import { connect, openStoryCloud, type StoryCloud } from '../clouds.ts';
import { openStory, type Story } from '../story.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function open(
  change: (cloud: StoryCloud) => Partial<CloudConfig>,
  before: (cloud: StoryCloud) => Promise<void> = async () => {},
): Promise<Story> {
  const cloud = await openStoryCloud();
  closing.push(() => cloud.stop());
  await before(cloud);
  const story = await openStory({
    clouds: {
      demo: async (parts) => {
        const one = connect(cloud.config(change(cloud)), parts);
        closing.push(() => one.close());
        return one.cloud;
      },
    },
  });
  closing.push(() => story.stop());
  return story;
}

test('a wrong password is tried once: no question, and no other worker, tries it again', async () => {
  let logins = 0;
  let keystone = '';
  const story = await open(
    (cloud) => {
      const { login } = cloud.config();
      if (login.kind !== 'password') throw new Error('the story logs in by password');
      return { authUrl: keystone, login: { ...login, password: 'wr0ng' }, fingerprint: 'bad' };
    },
    async (cloud) => {
      keystone = await counting(cloud.authUrl, () => {
        logins += 1;
      });
    },
  );
  const answers = await Promise.all(['hosts', 'host cmp1', 'servers'].map((line) => story.say('rita', `!${line}`)));
  for (const worker of story.workers.splice(0)) await worker.stop();
  await story.startWorker();
  answers.push(await story.say('alice', '!maintenance cmp1'));
  for (const { title, tone } of answers) {
    expect(tone).toBe('bad');
    expect(title).toMatch(/credential|password|login/i);
    expect(title).not.toContain('wr0ng');
  }
  expect(logins).toBe(1);
});

test('a cloud that cannot be reached is one clear line, within seconds', async () => {
  const story = await open(() => ({ authUrl: 'http://127.0.0.1:9/v3', fingerprint: 'nowhere' }));
  const begun = performance.now();
  const { title, tone } = await story.say('rita', '!hosts');
  expect(tone).toBe('bad');
  expect(title).toMatch(/demo/);
  expect(title).toMatch(/127\.0\.0\.1:9|reach|answer/);
  expect(performance.now() - begun).toBeLessThan(20_000);
});

/** Passes everything on to the cloud's own Keystone and counts who logs in. */
async function counting(authUrl: string, login: () => void): Promise<string> {
  const { origin, pathname } = new URL(authUrl);
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    if (request.method === 'POST' && request.url?.endsWith('/auth/tokens')) login();
    const path = request.url?.replace(/^\/v3/, pathname) ?? pathname;
    const answer = await fetch(`${origin}${path}`, {
      method: request.method ?? 'GET',
      headers: { 'content-type': 'application/json' },
      ...(chunks.length === 0 ? {} : { body: Buffer.concat(chunks) }),
    });
    response.writeHead(answer.status, { 'content-type': 'application/json' });
    response.end(await answer.text());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(async () => void server.close());
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the server has no port');
  return `http://127.0.0.1:${address.port}/v3`;
}
