import { afterEach, beforeEach, expect, test } from 'vitest';
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
  return openSpeaking({ web, team: slack.team, rates, threads, self: () => slack.botUser, direct });
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

test('both of the words that Slack has for a limit are waited for', async () => {
  slack.order({ method: 'chat.postMessage', fault: { error: 'rate_limited' } });
  await speaking.post(place, hello, { key: 'k', weight: 'news' });
  expect(said()).toEqual(['hello']);
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
