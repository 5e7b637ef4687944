import type { Sink } from '../archive/stream.ts';
import type { BucketSettings } from '../openstack/config.ts';
import { type Asking, askS3 } from './s3.ts';
import type { Store } from './store.ts';

/** An S3-compatible store: Ceph's, Swift's with s3api, others. Always off this host. */
export function openBucket(settings: BucketSettings): Store {
  const { name: Bucket, prefix } = settings;
  const ask = askS3(settings);
  const keyOf = (file: string): string => `${prefix}${file}`;
  return {
    name: `s3://${Bucket}/${prefix}`.replace(/\/$/, ''),
    offHost: true,
    pathOf: (file) => `s3://${Bucket}/${keyOf(file)}`,
    localPath: () => null,
    endpoint: settings.endpoint,
    // What a dump begins with, too: keys, name, region and rights are known before it.
    ready: async () => void (await ask((s3) => s3.listMultipartUploads({ Bucket, Prefix: prefix, MaxUploads: 1 }))),
    freeBytes: async () => null,
    mustHaveRoom: async () => undefined,
    create: async (file, signal) => uploading(ask, { Bucket, Key: keyOf(file) }, signal),
    sizeOf: (file, signal) => sizeOf(ask, { Bucket, Key: keyOf(file) }, signal),
    read: (file, signal) => read(ask, { Bucket, Key: keyOf(file) }, signal),
    remove: async (file) => void (await ask((s3) => s3.deleteObject({ Bucket, Key: keyOf(file) }))),
    async sweep(start, rest) {
      const whole = keyOf(start);
      const { Uploads = [] } = await ask((s3) => s3.listMultipartUploads({ Bucket, Prefix: whole }));
      for (const { Key = '', UploadId } of Uploads)
        if (Key.startsWith(whole) && rest.test(Key.slice(whole.length)))
          await ask((s3) => s3.abortMultipartUpload({ Bucket, Key, UploadId }));
    },
    close: ask.close,
  };
}

interface Address {
  readonly Bucket: string;
  readonly Key: string;
}

/** An answer to HEAD has no body, so no code either: 404 says that the file, or its bucket, is not there. */
function sizeOf(ask: Asking, address: Address, signal?: AbortSignal): Promise<number | null> {
  const options = signal && { abortSignal: signal };
  return ask(
    (s3) =>
      s3.headObject(address, options).then(
        ({ ContentLength }) => ContentLength ?? 0,
        (error: unknown) => {
          if (error instanceof Error && error.name === 'NotFound') return null;
          throw error;
        },
      ),
    signal,
  );
}

async function* read(ask: Asking, address: Address, signal: AbortSignal): AsyncGenerator<Buffer> {
  const { Body } = await ask((s3) => s3.getObject(address, { abortSignal: signal }), signal);
  try {
    for await (const piece of (Body ?? []) as AsyncIterable<Buffer>) {
      signal.throwIfAborted();
      yield piece;
    }
  } catch (error) {
    signal.throwIfAborted();
    throw ask.inWords(error);
  }
}

const mib = 1024 * 1024;
/** Parts on their way at the same time; as much again is gathered meanwhile. */
const sending = 2;

/**
 * Swift takes 1000 parts and S3 takes 10,000, of 5 MiB at least, and nobody knows how long a dump becomes: parts grow. A thousand hold
 * 44 GB, ten thousand 4 TB.
 */
export function partBytes(number: number): number {
  return 8 * mib * (1 + Math.floor((number - 1) / 100));
}

/** In parts as it comes, without a copy on the disk; the file is there only once it is complete. */
function uploading(ask: Asking, address: Address, signal: AbortSignal): Sink {
  let gathered: Buffer[] = [];
  let length = 0;
  let upload: Promise<string | undefined> | null = null;
  let completing = false;
  let over = false;
  const sent: Promise<string | undefined>[] = [];

  async function part(PartNumber: number, Body: Buffer): Promise<string | undefined> {
    upload ??= ask((s3) => s3.createMultipartUpload(address, { abortSignal: signal }), signal).then(
      ({ UploadId }) => UploadId,
    );
    const UploadId = await upload;
    const one = { ...address, UploadId, PartNumber, Body };
    return (await ask((s3) => s3.uploadPart(one, { abortSignal: signal }), signal)).ETag;
  }
  function flush(): Buffer {
    const body = Buffer.concat(gathered);
    gathered = [];
    length = 0;
    return body;
  }
  function send(): void {
    const one = part(sent.length + 1, flush());
    // Whoever waits for it hears of it; until then it is nobody's.
    one.catch(() => undefined);
    sent.push(one);
  }
  return {
    async write(bytes) {
      gathered.push(bytes);
      length += bytes.length;
      if (length < partBytes(sent.length + 1)) return;
      send();
      await sent.at(-1 - sending);
    },
    async finish() {
      if (sent.length === 0) {
        const Body = flush();
        await ask((s3) => s3.putObject({ ...address, Body }, { abortSignal: signal }), signal);
      } else {
        if (length > 0) send();
        const Parts = (await Promise.all(sent)).map((ETag, index) => ({ PartNumber: index + 1, ETag }));
        const UploadId = (await upload) ?? undefined;
        completing = true;
        await ask((s3) => s3.completeMultipartUpload({ ...address, UploadId, MultipartUpload: { Parts } }), signal);
      }
      over = true;
    },
    async abandon() {
      await Promise.allSettled(sent);
      const UploadId = await upload?.catch(() => undefined);
      if (over || UploadId === undefined) return;
      // An endpoint that is away is told by the next dump, which sweeps.
      await ask((s3) => s3.abortMultipartUpload({ ...address, UploadId })).catch(() => undefined);
      if (completing) await ask((s3) => s3.deleteObject(address)).catch(() => undefined);
    },
  };
}
