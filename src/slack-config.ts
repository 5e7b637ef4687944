import { z } from 'zod';
import { UserError } from './chat/user-error.ts';
import { humanError } from './command/wording.ts';

/** As `.env.example` has them. */
export const slackVariables = [
  {
    name: 'SLACK_TEAM',
    fallback: '',
    sentence: 'The workspace of Slack to be in: T024BE7LD. Empty: none. See docs/slack.md.',
  },
  { name: 'SLACK_BOT_TOKEN', fallback: '', sentence: 'xoxb-..., from the app\'s page "OAuth & Permissions".' },
  {
    name: 'SLACK_APP_TOKEN',
    fallback: '',
    sentence: 'xapp-..., with the scope connections:write: vigie opens sockets to Slack and needs no public address.',
  },
  {
    name: 'SLACK_SIGNING_SECRET',
    fallback: '',
    sentence: 'Instead of SLACK_APP_TOKEN: Slack calls vigie at /slack/events, and signs with this.',
  },
  {
    name: 'SLACK_PORT',
    fallback: '3000',
    sentence: 'Where Slack calls, behind your TLS proxy; only with SLACK_SIGNING_SECRET.',
  },
  {
    name: 'SLACK_APPROVE',
    fallback: 'white_check_mark,heavy_check_mark,+1,thumbsup',
    sentence: 'Reactions that say yes to a plan.',
  },
  { name: 'SLACK_DENY', fallback: 'x,-1,thumbsdown', sentence: 'Reactions that say no.' },
  {
    name: 'SLACK_API_URL',
    fallback: 'https://slack.com/api/',
    sentence: 'Slack itself; another one only for GovSlack and tests.',
  },
  {
    name: 'SLACK_RATES',
    fallback: '1',
    sentence:
      "How many times Slack's documented rates vigie may speak; more than 1 only where Slack agreed, and in tests.",
  },
] as const;

const Names = z
  .string()
  .regex(/^[a-z0-9_+'-]+(\s*,\s*[a-z0-9_+'-]+)*$/, 'names of reactions without colons, as white_check_mark,+1')
  .transform((text) => text.split(',').map((name) => name.trim()));
const Token = (start: string) => z.string().regex(new RegExp(`^(${start}-\\S+)?$`), `begins with ${start}-`);

const Environment = z
  .object({
    SLACK_TEAM: z
      .string()
      .regex(/^[TE][A-Z0-9]{2,}$/, "is the workspace's id: T024BE7LD, as in the address of Slack in a browser"),
    SLACK_BOT_TOKEN: Token('xoxb').refine((token) => token !== '', "is not set: xoxb-..., from the app's page"),
    SLACK_APP_TOKEN: Token('xapp'),
    SLACK_SIGNING_SECRET: z.string(),
    SLACK_PORT: z.coerce.number().int().min(0).max(65_535),
    SLACK_APPROVE: Names,
    SLACK_DENY: Names,
    SLACK_API_URL: z.url({ protocol: /^https?$/ }),
    SLACK_RATES: z.coerce.number().min(0.1).max(1000),
  })
  .check(({ value, issues }) => {
    const both = value.SLACK_APP_TOKEN !== '' && value.SLACK_SIGNING_SECRET !== '';
    const neither = value.SLACK_APP_TOKEN === '' && value.SLACK_SIGNING_SECRET === '';
    if (both || neither)
      issues.push({
        code: 'custom',
        input: value,
        path: ['SLACK_APP_TOKEN'],
        message: `${both ? 'both are set' : 'nothing is set'}: either this or SLACK_SIGNING_SECRET`,
      });
    const twice = value.SLACK_APPROVE.filter((name) => value.SLACK_DENY.includes(name));
    if (twice.length > 0)
      issues.push({
        code: 'custom',
        input: value,
        path: ['SLACK_DENY'],
        message: `${twice.join(', ')} would say yes and no: SLACK_APPROVE names it, too`,
      });
    if (!isSafe(value.SLACK_API_URL))
      issues.push({
        code: 'custom',
        input: value,
        path: ['SLACK_API_URL'],
        message: 'http would send the token for everyone to read',
      });
  })
  .transform((env) => ({
    team: env.SLACK_TEAM,
    botToken: env.SLACK_BOT_TOKEN,
    reach:
      env.SLACK_APP_TOKEN === ''
        ? { mode: 'http' as const, signingSecret: env.SLACK_SIGNING_SECRET, port: env.SLACK_PORT }
        : { mode: 'socket' as const, appToken: env.SLACK_APP_TOKEN },
    reactions: { approve: env.SLACK_APPROVE, deny: env.SLACK_DENY },
    apiUrl: env.SLACK_API_URL,
    ratesTimes: env.SLACK_RATES,
  }));
export type SlackConfig = z.output<typeof Environment>;

/** Null where no workspace is named. Every problem at once, and no value. */
export function readSlackConfig(env: Readonly<Record<string, string | undefined>>): SlackConfig | null {
  if (!env['SLACK_TEAM']) {
    if (env['SLACK_BOT_TOKEN'] || env['SLACK_APP_TOKEN'] || env['SLACK_SIGNING_SECRET'])
      throw new UserError(
        "SLACK_TEAM is not set: write the workspace's id, T024BE7LD, as in the address of Slack in a browser",
      );
    return null;
  }
  const set = slackVariables.map(({ name, fallback }) => [name, env[name] || fallback]);
  const config = Environment.safeParse(Object.fromEntries(set), { error: humanError });
  if (config.success) return config.data;
  const lines = config.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new UserError(`the environment is not right for Slack (see .env.example):\n${lines.join('\n')}`);
}

function isSafe(url: string): boolean {
  if (!URL.canParse(url)) return true;
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
}
