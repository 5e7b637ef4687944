import { webApi } from '@slack/bolt';
import { z } from 'zod';
import { PlaceRefused } from '../../src/chat/message.ts';

/** Slack's Web API, with one behaviour per kind of call; nothing waits inside a client's own queue. */
export interface Web {
  /** Says something: never repeated by itself, for Slack may have it although its answer was lost. */
  say(method: string, args: Record<string, unknown>): Promise<Answer>;
  /** Only reads: may be repeated, and has little time, for somebody waits for the acknowledgement. */
  ask(method: string, args: Record<string, unknown>): Promise<Answer>;
  upload(file: Upload): Promise<void>;
}

export interface Upload {
  readonly channel_id: string;
  readonly thread_ts?: string;
  readonly filename: string;
  readonly file: Buffer;
}

const Answer = z.looseObject({
  ts: z.string().optional(),
  channel: z.union([z.string(), z.looseObject({})]).optional(),
  response_metadata: z
    .looseObject({ scopes: z.array(z.string()).optional(), next_cursor: z.string().optional() })
    .optional(),
});
export type Answer = z.output<typeof Answer>;

/** Every client gets options of its own: Socket Mode's writes into the object it is given. */
export function clientOptions(apiUrl: string, timeout: number, retries: number) {
  return {
    slackApiUrl: apiUrl.endsWith('/') ? apiUrl : `${apiUrl}/`,
    timeout,
    retryConfig: { retries, minTimeout: 200, factor: 2 },
    rejectRateLimitedCalls: true,
    logger: silent,
  };
}

export function openWeb(token: string, apiUrl: string): Web {
  const speaking = new webApi.WebClient(token, clientOptions(apiUrl, 10_000, 0));
  const asking = new webApi.WebClient(token, clientOptions(apiUrl, 2000, 1));
  const uploading = new webApi.WebClient(token, clientOptions(apiUrl, 60_000, 0));
  return {
    say: (method, args) => answered(speaking.apiCall(method, args)),
    ask: (method, args) => answered(asking.apiCall(method, args)),
    upload: async ({ thread_ts: thread, ...file }) => {
      // The client's type has a thread either with a channel or not at all.
      await answered(uploading.files.uploadV2(thread === undefined ? file : { ...file, thread_ts: thread }));
    },
  };
}

async function answered(call: Promise<unknown>): Promise<Answer> {
  try {
    return Answer.parse(await call);
  } catch (error) {
    throw troubleOf(error);
  }
}

/** Why a call did not do what it should; the words are fit for people and hold no token. */
export class SlackTrouble extends Error {
  override readonly name = 'SlackTrouble';
  /** Slack's own word: `channel_not_found`; `no_answer` where nobody knows what Slack did. */
  readonly problem: string;
  /** Only for `ratelimited`. */
  readonly retryMs: number;

  constructor(problem: string, words: string, retryMs = 0) {
    super(words);
    this.problem = problem;
    this.retryMs = retryMs;
  }
}

/** The places that will not take it: nobody may wait for them. */
const refusals: ReadonlySet<string> = new Set([
  'channel_not_found',
  'not_in_channel',
  'is_archived',
  'user_not_found',
  'user_disabled',
  'cannot_dm_bot',
  'messages_tab_disabled',
  'restricted_action',
  'restricted_action_read_only_channel',
  'message_not_found',
  'cant_update_message',
  'edit_window_closed',
  'ekm_access_denied',
  'posting_to_general_channel_denied',
  'restricted_action_non_threadable_channel',
  'restricted_action_thread_locked',
  'restricted_action_thread_only_channel',
]);

/** Slack broke at it, perhaps after it was done. */
const unclear: ReadonlySet<string> = new Set([
  'internal_error',
  'fatal_error',
  'request_timeout',
  'service_unavailable',
  'team_added_to_org',
]);

/** The token is worth nothing any more, or not yet. */
const revoked: ReadonlySet<string> = new Set([
  'invalid_auth',
  'not_authed',
  'token_revoked',
  'token_expired',
  'account_inactive',
  'team_access_not_granted',
  'team_disabled',
]);

export function isRevoked(error: unknown): boolean {
  return error instanceof SlackTrouble && revoked.has(error.problem);
}

/** Of what it is shown, not of the place: Slack does not write down how it counts. */
export function isUnshowable(error: unknown): error is SlackTrouble {
  return error instanceof SlackTrouble && /^(invalid_blocks|msg_blocks_too_long|msg_too_long)/.test(error.problem);
}

/** The thread is, and not the place: its first message was deleted. */
export function isThreadGone(error: unknown): boolean {
  const gone = /^(thread_not_found|invalid_thread_ts|cannot_reply_to_message)$/;
  return error instanceof SlackTrouble && gone.test(error.problem);
}

/** Slack surely did nothing of it. */
export function surelyNotDone(error: unknown): boolean {
  return error instanceof PlaceRefused || (error instanceof SlackTrouble && error.problem !== 'no_answer');
}

export function troubleOf(error: unknown): Error {
  if (error instanceof webApi.WebAPIRateLimitedError) return limitOf(error.retryAfter);
  if (error instanceof webApi.WebAPIPlatformError) return platformTrouble(error.data);
  if (error instanceof webApi.WebAPIHTTPError)
    return new SlackTrouble('no_answer', `Slack answered ${error.statusCode}`);
  if (error instanceof webApi.WebAPIRequestError) return new SlackTrouble('no_answer', 'Slack did not answer');
  const words = error instanceof Error ? error : new Error(String(error));
  // All that the client makes of a 429 that does not say how long.
  return words.message.startsWith('Retry header did not contain') ? limitOf(1) : words;
}

function limitOf(seconds: number): SlackTrouble {
  return new SlackTrouble('ratelimited', `Slack asks to wait ${seconds} s`, Math.max(1, seconds) * 1000);
}

function platformTrouble(data: {
  error: string;
  needed?: unknown;
  response_metadata?: { messages?: string[]; retryAfter?: number };
}): Error {
  const details = data.response_metadata?.messages?.join('; ') ?? '';
  if (unclear.has(data.error)) return new SlackTrouble('no_answer', `Slack broke: ${data.error}`);
  if (/^rate_?limited$/.test(data.error)) return limitOf(data.response_metadata?.retryAfter ?? 1);
  if (data.error === 'missing_scope') return new SlackTrouble('missing_scope', lackOf(String(data.needed)));
  if (data.error === 'not_in_channel' || data.error === 'channel_not_found')
    return new PlaceRefused(`vigie is not in that channel (${data.error}): invite it there`);
  if (refusals.has(data.error)) return new PlaceRefused(`Slack does not take it there: ${data.error}`);
  return new SlackTrouble(
    data.error,
    `Slack refuses: ${[data.error, details].filter(Boolean).join(', ')}`.slice(0, 500),
  );
}

/** The scope of the app-level token is its own: it is not the installation's. */
function lackOf(scope: string): string {
  if (scope === 'connections:write') return 'the app token lacks connections:write: generate a new app-level token';
  return `the Slack app needs the scope ${scope}: add it and install it again`;
}

/** The clients' own log tells of tokens and repeats what is told anyway. */
export const silent = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  setLevel: () => undefined,
  getLevel: () => 'error' as never,
  setName: () => undefined,
};
