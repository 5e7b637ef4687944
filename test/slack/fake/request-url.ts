import { createHmac } from 'node:crypto';
import type { Answer, Parcel, Transport } from './delivery.ts';
import type { Json, Workspace } from './state.ts';

export interface RequestUrl {
  address(): string;
  readonly transport: Transport;
  /** The app's address; Slack asks it for a challenge first, and takes it only if that is answered. */
  verify(url: string): Promise<boolean>;
  /** Posts as Slack would, or as a forger: another secret, an old timestamp (seconds), no signature. The HTTP status. */
  post(payload: Json, forged?: Forged): Promise<number>;
}

export interface Forged {
  readonly secret?: string;
  readonly timestamp?: number;
  readonly unsigned?: boolean;
  readonly kind?: Parcel['kind'];
  /** Sent instead of the payload. */
  readonly body?: string;
  /** What was signed, where that is something else than what is sent. */
  readonly signed?: string;
}

/** The Events API of one app. `patience` is how long an answer may take, ms. */
export function makeRequestUrl({ app, clock }: Workspace, patience: number): RequestUrl {
  let address = '';

  async function post(
    { kind, payload, retry, reason }: Omit<Parcel, 'envelope'>,
    forged: Forged = {},
  ): Promise<Response> {
    const event = kind === 'events_api';
    const body = forged.body ?? (event ? JSON.stringify(payload) : formOf(kind, payload));
    const timestamp = String(forged.timestamp ?? Math.floor(clock.now() / 1000));
    const secret = forged.secret ?? app.signingSecret;
    const signature = `v0=${createHmac('sha256', secret)
      .update(`v0:${timestamp}:${forged.signed ?? body}`)
      .digest('hex')}`;
    return fetch(address, {
      method: 'POST',
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(patience),
      headers: {
        'content-type': event ? 'application/json' : 'application/x-www-form-urlencoded',
        ...(forged.unsigned ? {} : { 'x-slack-signature': signature, 'x-slack-request-timestamp': timestamp }),
        ...(retry > 0 ? { 'x-slack-retry-num': String(retry), 'x-slack-retry-reason': reason } : {}),
      },
    });
  }

  async function send(parcel: Parcel): Promise<Answer> {
    if (address === '') return { acked: false, reason: 'connection_failed' };
    try {
      const response = await post(parcel);
      const body = bodyOf(await response.text());
      if (response.ok) return { acked: true, body };
      const noRetry = response.headers.get('x-slack-no-retry') === '1';
      return { acked: false, reason: 'http_error', noRetry };
    } catch (error) {
      const late = error instanceof Error && error.name === 'TimeoutError';
      return { acked: false, reason: late ? 'http_timeout' : 'connection_failed' };
    }
  }

  return {
    transport: { send },
    address: () => address,
    async verify(url) {
      address = url;
      const payload = { token: 'legacy-verification-token', challenge: 'say this', type: 'url_verification' };
      const response = await post({ kind: 'events_api', payload, retry: 0, reason: '' });
      const told = await response.text();
      return response.ok && told.includes(payload.challenge);
    },
    async post(payload, forged = {}) {
      const response = await post({ kind: forged.kind ?? 'events_api', payload, retry: 0, reason: '' }, forged);
      await response.arrayBuffer();
      return response.status;
    },
  };
}

function formOf(kind: Parcel['kind'], payload: Json): string {
  if (kind === 'interactive') return new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
  return new URLSearchParams(
    Object.entries(payload).map(([key, value]): [string, string] => [key, String(value)]),
  ).toString();
}

function bodyOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text === '' ? undefined : { text };
  }
}
