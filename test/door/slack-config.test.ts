import { expect, test } from 'vitest';
import { readSlackConfig } from '../../src/slack-config.ts';

const least = { SLACK_TEAM: 'T024BE7LD', SLACK_BOT_TOKEN: 'xoxb-1', SLACK_APP_TOKEN: 'xapp-1' };

function problem(env: Record<string, string>): string {
  try {
    readSlackConfig(env);
    return 'taken';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

test('no workspace, no Slack; three variables are enough', () => {
  expect(readSlackConfig({})).toBeNull();
  expect(readSlackConfig(least)).toEqual({
    team: 'T024BE7LD',
    botToken: 'xoxb-1',
    reach: { mode: 'socket', appToken: 'xapp-1' },
    reactions: { approve: ['white_check_mark', 'heavy_check_mark', '+1', 'thumbsup'], deny: ['x', '-1', 'thumbsdown'] },
    apiUrl: 'https://slack.com/api/',
    ratesTimes: 1,
  });
});

test('a signing secret instead of the app token: Slack calls', () => {
  const { SLACK_APP_TOKEN: _, ...rest } = least;
  expect(readSlackConfig({ ...rest, SLACK_SIGNING_SECRET: 's', SLACK_PORT: '3001' })?.reach).toEqual({
    mode: 'http',
    signingSecret: 's',
    port: 3001,
  });
});

test('what is wrong is said by name, and no token', () => {
  expect(problem({ SLACK_BOT_TOKEN: 'xoxb-1' })).toContain('SLACK_TEAM is not set');
  expect(problem({ SLACK_SIGNING_SECRET: 's' })).toContain('SLACK_TEAM is not set');
  expect(problem({ ...least, SLACK_DENY: 'x,+1' })).toContain('+1 would say yes and no');
  expect(problem({ ...least, SLACK_SIGNING_SECRET: 's' })).toContain(
    'both are set: either this or SLACK_SIGNING_SECRET',
  );
  const said = problem({
    SLACK_TEAM: 'ops',
    SLACK_BOT_TOKEN: 'xoxp-secret',
    SLACK_APP_TOKEN: 'xapp-1',
    SLACK_DENY: ':x:',
  });
  expect(said).toContain("SLACK_TEAM: is the workspace's id");
  expect(said).toContain('SLACK_BOT_TOKEN: begins with xoxb-');
  expect(said).toContain('SLACK_DENY: names of reactions without colons');
  expect(said).not.toContain('xoxp-secret');
});

test('a token never travels unencrypted but on this machine', () => {
  expect(problem({ ...least, SLACK_API_URL: 'http://slack.example.org/api/' })).toContain('for everyone to read');
  expect(problem({ ...least, SLACK_API_URL: 'http://127.0.0.1:3000/api/' })).toBe('taken');
});
