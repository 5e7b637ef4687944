import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findProgram } from '../../src/embedded/process.ts';
import type { BucketSettings } from '../../src/openstack/config.ts';
import { askS3 } from '../../src/stores/s3.ts';
import { answers, freePorts } from '../irc/ports.ts';
import { localCertificates } from '../setup/certificates.ts';
import { missing, unpacked } from '../setup/debian.ts';

/** OpenStack's own object store, with its S3 API, from Debian's packages: unpacked, on loopback, with one bucket. */
export interface Swift {
  readonly endpoint: string;
  /** Of its certificate's authority, where it speaks TLS. */
  readonly ca: string;
  settings(changes?: Partial<BucketSettings>): BucketSettings;
  /** Names in the bucket. */
  names(): Promise<string[]>;
  /** Names that were begun and never ended. */
  unfinished(): Promise<string[]>;
  bytesOf(name: string): Promise<Buffer>;
  put(name: string, bytes: Buffer): Promise<void>;
  /** At once, as a machine that loses its power. */
  kill(): Promise<void>;
  /** Does nothing where it runs. */
  start(): Promise<void>;
  signal(name: 'SIGSTOP' | 'SIGCONT'): void;
  drop(): Promise<void>;
}

export const access = { accessKey: 'vigie:backup', secretKey: 'a-secret/with+signs=' };
const Bucket = 'vigie';

export async function startSwift({ tls = false } = {}): Promise<Swift> {
  const root = await unpacked('swift', await missing('python3-swift'));
  // Swift keeps what it knows of an object in extended attributes, which /tmp may not have.
  const folder = mkdtempSync('/var/tmp/vigie-swift-');
  const [port = 0] = await freePorts(1);
  const certificate = tls ? await certify(folder) : [];
  const swift = { root, folder, port, certificate };
  const endpoint = `${tls ? 'https' : 'http'}://localhost:${port}`;
  let child = await launch(swift);
  const settings = (changes: Partial<BucketSettings> = {}): BucketSettings => ({
    endpoint,
    name: Bucket,
    prefix: 'prod-eu/',
    region: 'us-east-1',
    ...access,
    pathStyle: true,
    cacert: certificate[2] ?? null,
    ...changes,
  });
  const ask = askS3(settings());
  await ask((s3) => s3.createBucket({ Bucket }));
  async function kill(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }
  return {
    endpoint,
    ca: certificate[2] ?? '',
    settings,
    async names() {
      const { Contents = [] } = await ask((s3) => s3.listObjectsV2({ Bucket }));
      return Contents.map(({ Key = '' }) => Key);
    },
    async unfinished() {
      const { Uploads = [] } = await ask((s3) => s3.listMultipartUploads({ Bucket }));
      return Uploads.map(({ Key = '' }) => Key);
    },
    async bytesOf(Key) {
      const { Body } = await ask((s3) => s3.getObject({ Bucket, Key }));
      return Buffer.from((await Body?.transformToByteArray()) ?? []);
    },
    put: async (Key, Body) => void (await ask((s3) => s3.putObject({ Bucket, Key, Body }))),
    kill,
    async start() {
      if (child.exitCode !== null || child.signalCode !== null) child = await launch(swift);
    },
    signal: (name) => void child.kill(name),
    async drop() {
      ask.close();
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

interface Plan {
  readonly root: string;
  readonly folder: string;
  readonly port: number;
  readonly certificate: readonly string[];
}

/** Debian's own Python, whatever stands first in the PATH. On Linux the kernel ends it with us, however we end. */
async function launch({ root, folder, port, certificate }: Plan): Promise<ChildProcess> {
  const setpriv = findProgram('setpriv');
  if (setpriv === null) throw new Error('setpriv is missing: apt-get install util-linux');
  const python = ['/usr/bin/python3', join(root, 'usr/bin/python3')].find((path) => existsSync(path)) ?? 'python3';
  const program = [
    python,
    join(import.meta.dirname, 'swift-in-one.py'),
    folder,
    `${port}`,
    access.accessKey,
    access.secretKey,
  ];
  const log = openSync(join(folder, 'log'), 'a');
  const child = spawn(setpriv, ['--pdeathsig', 'KILL', ...program, ...certificate.slice(0, 2)], {
    env: {
      PATH: '/usr/bin:/bin',
      PYTHONPATH: join(root, 'usr/lib/python3/dist-packages'),
      LD_LIBRARY_PATH: librariesOf(root).join(':'),
      PYTHONDONTWRITEBYTECODE: '1',
    },
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  for (const until = performance.now() + 60_000; performance.now() < until && child.exitCode === null; await sleep(50))
    if (await answers(port)) return child;
  throw new Error(`Swift did not start: ${readFileSync(join(folder, 'log'), 'utf8').slice(-1000)}`);
}

function librariesOf(root: string): string[] {
  return ['usr/lib', 'lib'].flatMap((lib) => {
    const folder = join(root, lib);
    return existsSync(folder) ? [folder, ...readdirSync(folder).map((name) => join(folder, name))] : [];
  });
}

/** Certificate, its key, and the authority's certificate, as files. */
async function certify(folder: string): Promise<string[]> {
  const { ca, cert, key } = await localCertificates();
  return [
    ['cert.pem', cert],
    ['key.pem', key],
    ['ca.pem', ca],
  ].map(([name = '', text = '']) => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  });
}
