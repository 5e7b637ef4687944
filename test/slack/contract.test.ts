import { describe } from 'vitest';
import { createSlack } from '../../adapters/slack/slack.ts';
import { adapterContract } from '../contract/adapter.ts';
import { plainText } from './fake/seen.ts';
import { isUp, type Mode, slackOptions, startManifestSlack } from './ops.ts';

describe.each<Mode>(['socket', 'http'])('Slack, %s', (mode) => {
  adapterContract(async (hear) => {
    const slack = await startManifestSlack({ mode });
    const alice = slack.person('alice');
    const channel = slack.channel('ops');
    const options = await slackOptions(slack, mode);
    const adapter = createSlack(options);
    await adapter.start(hear);
    await isUp(slack, adapter, options);
    return {
      adapter,
      place: { adapter: 'slack', id: `slack:${slack.team}/${channel.id}`, kind: 'channel' },
      account: `slack:${alice.account}`,
      say: async (line) => void alice.say('ops', line),
      read: () =>
        [...slack.workspace.channels.values()]
          .flatMap(({ messages }) => messages)
          .filter(({ user }) => user === slack.botUser)
          .flatMap((message) => message.past.map((past) => plainText({ ...message, ...past }, slack.workspace)))
          .join('\n'),
      close: async () => {
        await adapter.stop();
        await slack.close();
      },
    };
  });
});
