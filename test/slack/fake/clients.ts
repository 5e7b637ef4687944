import { LogLevel, SocketModeReceiver, webApi } from '@slack/bolt';
import { afterEach } from 'vitest';
import { type FakeSlack, type SlackOptions, startSlack } from './slack.ts';

const open: (() => Promise<unknown>)[] = [];
/** Ends with the test. */
export function ends(close: () => Promise<unknown>): void {
  open.push(close);
}

afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

/** Closed after the test, as is every client made here. */
export async function slackWith(options: SlackOptions = {}): Promise<FakeSlack> {
  const slack = await startSlack(options);
  open.push(() => slack.close());
  return slack;
}

/** Slack's own client, which repeats nothing unless told to. */
export function web(slack: FakeSlack, options: object = {}): webApi.WebClient {
  const quiet = { slackApiUrl: slack.url, logLevel: LogLevel.ERROR, retryConfig: { retries: 0 } };
  return new webApi.WebClient(slack.botToken, { ...quiet, ...options });
}

export interface Heard {
  readonly ack: (body?: unknown) => Promise<void>;
  readonly body: Record<string, unknown>;
  readonly type: string;
  readonly retry_num?: number;
}

/** Slack's own Socket Mode client, connected. */
export async function socket(
  slack: FakeSlack,
  hear: (heard: Heard) => unknown,
  pings = {},
): Promise<SocketModeReceiver['client']> {
  const clientOptions = { slackApiUrl: slack.url, retryConfig: { retries: 0 } };
  const { client } = new SocketModeReceiver({
    appToken: slack.appToken,
    logLevel: LogLevel.ERROR,
    installerOptions: { clientOptions },
    ...pings,
  });
  client.on('slack_event', hear);
  await client.start();
  open.push(() => client.disconnect());
  return client;
}
