import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { z } from 'zod';

/**
 * What a frame says of its payload, in clear. Bounds are beginnings of ids or moments, never an id: an id may be
 * a bearer's secret.
 */
export const FrameHead = z.object({
  /** The archive's own, at random: a frame belongs to one archive. */
  archive: z.string(),
  /** `dump`: a piece of one long text, wherever it was cut. */
  kind: z.enum(['schema', 'rows', 'dump']),
  number: z.number().int(),
  rows: z.number().int(),
  /** The walk stood here before these rows, and here after them. */
  from: z.string(),
  to: z.string(),
  /** The least and the greatest `expires` among them; empty in a schema. */
  first: z.string(),
  last: z.string(),
  /** Bytes of each SQL statement inside, as they follow each other. */
  statements: z.array(z.number().int()),
  payload: z.number().int(),
  sha256: z.string(),
  /** Of the public key the archive is sealed to; null where it is in clear. */
  keyId: z.string().nullable(),
  /** Base64 of the frame's own public key, where the payload is sealed. */
  sealed: z.string().nullable(),
});
export type FrameHead = z.output<typeof FrameHead>;

/** What a sealed payload is bound to: its archive, its place there, and all that its head says of the rows. */
export function boundOf(head: Omit<FrameHead, 'payload' | 'sha256' | 'sealed'>): string {
  const { archive, kind, number, rows, from, to, first, last, statements, keyId } = head;
  return JSON.stringify([archive, kind, number, rows, from, to, first, last, statements, keyId]);
}

export interface Frame {
  readonly head: FrameHead;
  readonly payload: Buffer;
  /** Where in the file it ends. */
  readonly end: number;
}

// Frames that every zstd program passes over: RFC 8878, 3.1.2.
const headMagic = 0x184d2a50;
const sealedMagic = 0x184d2a51;
const longestHead = 4096;

/**
 * An archive is a row of such pairs: a skippable zstd frame with the head as JSON, then the payload. A payload in clear
 * is a zstd frame as it is, so `zstd -dc` reads the file; a sealed one is a skippable frame again. In pieces: what is
 * joined once more is memory that V8 has to clear away.
 */
export function encodeFrame(head: Omit<FrameHead, 'payload' | 'sha256'>, payload: readonly Buffer[]): Buffer[] {
  const hash = createHash('sha256');
  for (const piece of payload) hash.update(piece);
  const length = payload.reduce((sum, piece) => sum + piece.length, 0);
  const said = Buffer.from(JSON.stringify({ ...head, payload: length, sha256: hash.digest('hex') }));
  const before = head.sealed === null ? [] : [skippable(sealedMagic, length)];
  return [Buffer.concat([skippable(headMagic, said.length), said, ...before]), ...payload];
}

function skippable(magic: number, length: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(magic, 0);
  bytes.writeUInt32LE(length, 4);
  return bytes;
}

/** Every whole frame from `at` on. Ends, and says nothing, where the file was torn: at the first that is not whole. */
export async function* readFrames(file: FileHandle, at = 0): AsyncGenerator<Frame> {
  for (let position = at; ; ) {
    const frame = await readFrame(file, position);
    if (frame === null) return;
    yield frame;
    position = frame.end;
  }
}

async function readFrame(file: FileHandle, at: number): Promise<Frame | null> {
  const start = await bytesAt(file, at, 8);
  if (start === null || start.readUInt32LE(0) !== headMagic) return null;
  const length = start.readUInt32LE(4);
  const said = length > longestHead ? null : await bytesAt(file, at + 8, length);
  const head = said === null ? null : headOf(said);
  if (head === null) return null;
  const begin = at + 8 + length + (head.sealed === null ? 0 : 8);
  const payload = await bytesAt(file, begin, head.payload);
  if (payload === null || createHash('sha256').update(payload).digest('hex') !== head.sha256) return null;
  return { head, payload, end: begin + head.payload };
}

function headOf(said: Buffer): FrameHead | null {
  try {
    return FrameHead.safeParse(JSON.parse(said.toString())).data ?? null;
  } catch {
    return null;
  }
}

async function bytesAt(file: FileHandle, at: number, length: number): Promise<Buffer | null> {
  const { size } = await file.stat();
  if (at + length > size) return null;
  const bytes = Buffer.alloc(length);
  const { bytesRead } = await file.read(bytes, 0, length, at);
  return bytesRead === length ? bytes : null;
}
