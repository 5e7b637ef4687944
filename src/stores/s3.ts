import { readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import type { S3 } from '@aws-sdk/client-s3';
import { UserError } from '../chat/user-error.ts';
import type { BucketSettings } from '../openstack/config.ts';
import { Unseen } from './store.ts';

export interface Asking {
  /** Throws what went wrong in words, and the signal's own reason where it was aborted. */
  <T>(work: (s3: S3) => Promise<T>, signal?: AbortSignal): Promise<T>;
  /** For what comes later: the body of an answer. */
  inWords(error: unknown): unknown;
  close(): void;
}

/** An endpoint that says nothing for so long has gone away. */
const silenceMs = 60_000;

/** The client is large and few need it: it is loaded with the first question. */
export function askS3(settings: BucketSettings): Asking {
  let client: Promise<S3> | null = null;
  async function ask<T>(work: (s3: S3) => Promise<T>, signal?: AbortSignal): Promise<T> {
    try {
      signal?.throwIfAborted();
      client ??= connect(settings);
      return await work(await client);
    } catch (error) {
      signal?.throwIfAborted();
      throw inWords(error);
    }
  }
  const inWords = (error: unknown): unknown => (error instanceof UserError ? error : trouble(error, settings));
  const close = (): void => void client?.then((s3) => s3.destroy()).catch(() => undefined);
  return Object.assign(ask, { inWords, close });
}

async function connect({ endpoint, region, accessKey, secretKey, pathStyle, cacert }: BucketSettings): Promise<S3> {
  const ca = cacert === null ? undefined : pem(cacert);
  // It would warn of this Node on standard error, at every start; its version is pinned to one that runs on it.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';
  const { S3 } = await import('@aws-sdk/client-s3');
  return new S3({
    endpoint,
    region,
    forcePathStyle: pathStyle,
    credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
    // Newer checksums are Amazon's own: Swift and older Ceph refuse them.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: 10_000,
      socketTimeout: silenceMs,
      ...(ca && { httpsAgent: new Agent({ keepAlive: true, ca }) }),
    },
  });
}

function pem(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw new Unseen(`cacert ${path} cannot be read`);
  }
}

/** Codes of S3 and of the network. What else an endpoint says goes nowhere: it may quote a request with its signature. */
function trouble(error: unknown, { endpoint, name }: BucketSettings): Unseen {
  const [code, status] = codesOf(error);
  const known = troubles.find(([pattern]) => pattern.test(code));
  const said = known?.[1] ?? (status === '' ? `does not answer (${code})` : `says ${code} (${status})`);
  return new Unseen(`${endpoint} ${said.replace('BUCKET', name)}`, { cause: new Error(`${code} ${status}`) });
}

function codesOf(error: unknown): [code: string, status: string] {
  if (!(error instanceof Error)) return ['unknown', ''];
  const { $metadata } = error as { $metadata?: { httpStatusCode?: number } };
  const status = $metadata?.httpStatusCode ?? '';
  const named = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  return [/^\w+$/.test(named) ? named : 'an error', `${status}`];
}

const troubles: readonly (readonly [RegExp, string])[] = [
  [/^NoSuchBucket$/, 'has no bucket BUCKET that these keys may see: vigie makes none'],
  [
    /^(SignatureDoesNotMatch|InvalidAccessKeyId)$/,
    'refuses the keys of bucket BUCKET: access_key or secret_key is wrong',
  ],
  [
    /^(AccessDenied|AllAccessDisabled|Forbidden|403)$/,
    'forbids this in bucket BUCKET (docs/backups.md has the rights)',
  ],
  [
    /^(AuthorizationHeaderMalformed|PermanentRedirect|IllegalLocationConstraint\w*)$/,
    'has bucket BUCKET in another region: set region',
  ],
  [/^(RequestTimeTooSkewed|RequestExpired)$/, "says that this host's clock is wrong"],
  [/^(QuotaExceeded|EntityTooLarge|TooLarge)$/, 'has no room left for bucket BUCKET: its quota is used up'],
  [/^(SlowDown|ServiceUnavailable)$/, 'is overloaded'],
  [/^ECONNREFUSED$/, 'does not answer: nothing listens there'],
  [/^(ENOTFOUND|EAI_AGAIN)$/, 'does not answer: its name is not known'],
  [/^(TimeoutError|ETIMEDOUT)$/, 'does not answer in time'],
  [/^(ECONNRESET|EPIPE|ERR_STREAM_PREMATURE_CLOSE)$/, 'closed the connection in the middle'],
  [/^ERR_TLS_CERT_ALTNAME_INVALID$/, 'has a certificate for another name'],
  [/^CERT_HAS_EXPIRED$/, 'has a certificate that has expired'],
  [
    /SELF_SIGNED_CERT|UNABLE_TO_VERIFY_LEAF|UNABLE_TO_GET_ISSUER|CERT_UNTRUSTED/,
    'has a certificate from an authority that this host does not trust: set cacert',
  ],
  [/^ERR_SSL_WRONG_VERSION_NUMBER$|^EPROTO$/, 'does not speak TLS there: http:// instead of https://?'],
];
