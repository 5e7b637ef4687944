import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openDirects } from '../../adapters/slack/places.ts';
import { ratesTimes } from '../../adapters/slack/rates.ts';
import { openSpeaking, type Speaking } from '../../adapters/slack/speaking.ts';
import { openThreads } from '../../adapters/slack/threads.ts';
import { openWeb } from '../../adapters/slack/web.ts';
import { NotOurs, type Place, type PostOptions, type Receipt } from '../../src/chat/message.ts';
import type { Report } from '../../src/chat/report.ts';
import type { FakeSlack } from './fake/slack.ts';
import { startManifestSlack } from './ops.ts';

let slack: FakeSlack;
let speaking: Speaking;
let place: Place;

const hello: Report = { title: 'hello', tone: 'plain', blocks: [] };

beforeEach(async () => {
  slack = await startManifestSlack();
  slack.person('alice');
  speaking = vigie();
  place = { adapter: 'slack', id: `slack:${slack.team}/${slack.channel('ops').id}`, kind: 'channel' };
});
afterEach(() => slack?.close());

/** A process of its own, with its own memory. */
function vigie(factor = 1000): Speaking {
  const web = openWeb(slack.botToken, slack.url);
  const direct = openDirects(web);
  const [rates, threads] = [ratesTimes(factor), openThreads(web)];
  const self = () => slack.botUser;
  return openSpeaking({ web, team: slack.team, rates, threads, self, direct, log: () => undefined });
}

/** As deliveries do it: what failed is looked for before it is said again. */
async function tell(post: PostOptions, report = hello, where = place): Promise<Receipt> {
  for (let tried = 0; ; tried += 1) {
    const found = tried === 0 ? null : await speaking.find(where, post.key, post.aside);
    if (found !== null) {
      await speaking.revise(found, report, post);
      return found;
    }
    const made = await speaking.post(where, report, post).catch(() => null);
    if (made !== null) return made;
    if (tried === 5) throw new Error('never said');
  }
}

const said = () => [...slack.workspace.channels.values()].flatMap(({ messages }) => messages.map(({ text }) => text));

test('an earlier refusal makes nobody forget to look for what was said later', async () => {
  slack.order({ method: 'chat.postMessage', fault: { error: 'invalid_auth' } });
  slack.order({ method: 'chat.postMessage', fault: 'lost-reply' });
  await tell({ key: 'k', weight: 'news' });
  expect(said()).toEqual(['hello']);
});

test.each(['internal_error', 'fatal_error', 'request_timeout', 'service_unavailable'])(
  'after %s it is looked for, for Slack may have it',
  async (error) => {
    slack.order({ method: 'chat.postMessage', fault: { error } });
    await tell({ key: 'k', weight: 'news' });
    expect(slack.calls.map(({ method }) => method)).toContain('conversations.history');
  },
);

test.each([{ error: 'rate_limited' }, { error: 'ratelimited' }, { status: 429 }, { retryAfter: 1 }])(
  'however Slack says that there is a limit, %o, it is waited for',
  async (fault) => {
    slack.order({ method: 'chat.postMessage', fault });
    await speaking.post(place, hello, { key: 'k', weight: 'news' });
    expect(said()).toEqual(['hello']);
  },
);

test('who looks for many lost posts at once stays within the rates', async () => {
  const strict = await startManifestSlack({ rates: 20 });
  const { id } = strict.channel('ops');
  const web = openWeb(strict.botToken, strict.url);
  const finding = openSpeaking({
    ...{ web, team: strict.team, rates: ratesTimes(20), threads: openThreads(web), direct: openDirects(web) },
    ...{ self: () => strict.botUser, log: () => undefined },
  });
  const there: Place = { adapter: 'slack', id: `slack:${strict.team}/${id}`, kind: 'channel' };
  const found = await Promise.all(Array.from({ length: 230 }, (_, n) => finding.find(there, `k${n}`)));
  expect(found.every((receipt) => receipt === null)).toBe(true);
  expect(strict.calls.filter(({ answer }) => answer === '429')).toEqual([]);
  await strict.close();
}, 30_000);

describe('what Slack does not take as blocks', () => {
  const rows = Array.from({ length: 90 }, (_, n) => [`web-${n} with a name of some length`]);
  const table: Report = {
    title: 'servers',
    tone: 'plain',
    blocks: [{ kind: 'table', columns: ['name'], rows }],
    replies: [{ label: 'Approve', line: '!approve 7f3a' }],
  };
  const hasBlocks = (args: object) => 'blocks' in args && JSON.stringify(args.blocks) !== '[]';

  test.each(['invalid_blocks', 'invalid_blocks_format', 'msg_blocks_too_long'])(
    '%s: is said in words, with a file, and edited so',
    async (error) => {
      slack.order({ method: 'chat.postMessage', fault: { error }, where: hasBlocks });
      slack.order({ method: 'chat.update', fault: { error }, where: hasBlocks });
      const receipt = await speaking.post(place, hello, { key: 'short', weight: 'news' });
      const long = { ...table, blocks: [...table.blocks, ...table.blocks] };
      await speaking.revise(receipt, long, { key: 'short', weight: 'news' });
      expect(said()[0]).toMatch(/^servers\nname\nweb-0/);
      const alice = slack.person('alice');
      const shared = await alice.sees('ops', ({ files }) => files.length > 0);
      expect(shared.thread).toBe(receipt.handle);
      const [file] = slack.workspace.files.values();
      expect(file?.content?.toString()).toContain('web-89');
      expect(file?.content?.toString()).toContain('Approve: !approve 7f3a');
    },
  );

  test('is told to one person in words, too', async () => {
    slack.order({ method: 'chat.postEphemeral', fault: { error: 'invalid_blocks' }, where: hasBlocks });
    const alice = slack.person('alice');
    await speaking.post(place, hello, { key: 'k', weight: 'answer', aside: `slack:${alice.account}` });
    await alice.sees('ops', ({ ephemeral, text }) => ephemeral && text === 'hello');
  });
});

describe('a question that was deleted', () => {
  test('its answer for one person stands in the channel', async () => {
    const alice = slack.person('alice');
    const question = alice.say('ops', '!cancel');
    await speaking.post(place, hello, { key: 'answered', weight: 'news', replyTo: question.ts });
    alice.remove(question);
    const alone = { weight: 'answer' as const, aside: `slack:${alice.account}`, replyTo: question.ts };
    await speaking.post(place, { ...hello, title: 'not you' }, { key: 'k', ...alone });
    expect((await alice.sees('ops', /not you/)).thread).toBeUndefined();
  });

  test('its card is edited as before, and what is too long for it is a file all the same', async () => {
    const alice = slack.person('alice');
    const question = alice.say('ops', '!maintenance cmp1');
    const there = { ...place, thread: question.ts };
    const telling = { key: 'card', weight: 'news' as const, phase: 'ended' as const };
    const { handle } = await speaking.post(there, hello, { ...telling, replyTo: question.ts });
    alice.remove(question);
    const rows = Array.from({ length: 5000 }, (_, n) => [`web-${n}`]);
    const long: Report = { ...hello, title: 'done', blocks: [{ kind: 'table', columns: ['name'], rows }] };
    await speaking.revise({ place: there, handle }, long, telling);
    await alice.sees('ops', ({ ts, text }) => ts === handle && text.includes('done'));
    await alice.sees('ops', ({ files }) => files.length > 0);
  });
});

test('what is too long for one person in a channel, and its answer lost, is found between the two', async () => {
  const rows = Array.from({ length: 5000 }, (_, n) => [`web-${n}`]);
  const long: Report = { ...hello, blocks: [{ kind: 'table', columns: ['name'], rows }] };
  slack.order({ method: 'chat.postMessage', fault: 'lost-reply' });
  await tell({ key: 'k', weight: 'answer', aside: `slack:${slack.person('alice').account}` }, long);
  expect(said().filter((text) => text.includes('hello'))).toHaveLength(1);
});

test('where the question was deleted meanwhile the channel is looked through', async () => {
  const alice = slack.person('alice');
  const question = alice.say('ops', '!hosts');
  alice.remove(question);
  slack.order({ method: 'chat.postMessage', fault: 'lost-reply', where: (args) => args['thread_ts'] === undefined });
  await tell({ key: 'k', weight: 'answer', replyTo: question.ts }, hello, { ...place, thread: question.ts });
  expect(said().filter((text) => text.includes('hello'))).toHaveLength(1);
});

test('a bot that lost the connection forgets what it had shown: another may have changed it', async () => {
  const other = vigie();
  const telling = { key: 'k', weight: 'news' as const, phase: 'waiting' as const };
  const receipt = await speaking.post(place, { ...hello, title: 'waits' }, telling);
  await other.revise(receipt, { ...hello, title: 'queued' }, telling);
  speaking.forget();
  await speaking.revise(receipt, { ...hello, title: 'waits' }, telling);
  expect(said()).toEqual(['waits']);
});

test('what had to wait is not said by a bot that speaks here no more', async () => {
  const slow = vigie(1);
  let ours = true;
  const post = { key: 'k', weight: 'news' as const, mine: () => ours };
  await slow.post(place, hello, post);
  const second = slow.post(place, hello, post);
  ours = false;
  await expect(second).rejects.toThrow(NotOurs);
  expect(said()).toEqual(['hello']);
});
