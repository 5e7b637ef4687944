import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
} from 'node:crypto';
import { readFileSync } from 'node:fs';
import { UserError } from '../chat/user-error.ts';

/**
 * Payloads are sealed to an X25519 public key. Each has a key of its own: X25519 of a fresh pair with the reader's key,
 * through HKDF-SHA256 into AES-256-GCM with a nonce of zeros, for no key is used twice. What stands in `bound` (the
 * frame's head) is authenticated with it, so frames cannot be moved. docs/archives.md has the bytes.
 */
export interface Sealed {
  /** Base64 of the fresh public key (32 bytes). */
  readonly with: string;
  /** Ciphertext and the 16 bytes of its tag. */
  readonly payload: Buffer;
}

/** `pieces`, joined, are the payload. */
export function seal(reader: KeyObject, payload: Buffer, bound: string): { with: string; pieces: Buffer[] } {
  const fresh = generateKeyPairSync('x25519');
  const key = keyOf(diffieHellman({ privateKey: fresh.privateKey, publicKey: reader }), fresh.publicKey, reader);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(bound));
  const pieces = [cipher.update(payload), cipher.final(), cipher.getAuthTag()];
  return { with: rawOf(fresh.publicKey).toString('base64'), pieces };
}

/** Throws `UserError` where the key is another, or a byte was changed. */
export function unseal(own: KeyObject, sealed: Sealed, bound: string): Buffer {
  try {
    const fresh = createPublicKey({
      key: Buffer.concat([spkiStart, Buffer.from(sealed.with, 'base64')]),
      format: 'der',
      type: 'spki',
    });
    const key = keyOf(diffieHellman({ privateKey: own, publicKey: fresh }), fresh, createPublicKey(own));
    const decipher = createDecipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(bound));
    decipher.setAuthTag(sealed.payload.subarray(-16));
    return Buffer.concat([decipher.update(sealed.payload.subarray(0, -16)), decipher.final()]);
  } catch {
    throw new UserError('a frame cannot be opened with this key: it is another key, or the file was changed');
  }
}

/** Names a key without showing it: 16 hex digits of its SHA-256. */
export function keyId(key: KeyObject): string {
  const open = key.type === 'private' ? createPublicKey(key) : key;
  return createHash('sha256').update(rawOf(open)).digest('hex').slice(0, 16);
}

export function readPublicKey(path: string): KeyObject {
  return readKey(path, 'public', createPublicKey);
}

export function readPrivateKey(path: string): KeyObject {
  return readKey(path, 'private', createPrivateKey);
}

function readKey(path: string, kind: 'public' | 'private', parse: (pem: string) => KeyObject): KeyObject {
  try {
    const key = parse(pemOf(path, kind));
    if (key.asymmetricKeyType === 'x25519') return key;
  } catch (error) {
    if (error instanceof UserError) throw error;
  }
  throw new UserError(
    `${path} is no X25519 ${kind} key in PEM: openssl genpkey -algorithm X25519 -out archive.pem makes a private one, openssl pkey -in archive.pem -pubout -out archive.pub.pem its public half`,
  );
}

function pemOf(path: string, kind: 'public' | 'private'): string {
  let pem: string;
  try {
    pem = readFileSync(path, 'utf8');
  } catch {
    throw new UserError(`the ${kind} key ${path} cannot be read`);
  }
  if (kind === 'public' && pem.includes('PRIVATE KEY'))
    throw new UserError(`${path} holds a private key: a worker that archives needs only the public one`);
  return pem;
}

const nonce = Buffer.alloc(12);
// SubjectPublicKeyInfo of an X25519 key (RFC 8410) up to its 32 bytes.
const spkiStart = Buffer.from('302a300506032b656e032100', 'hex');

function rawOf(key: KeyObject): Buffer {
  return key.export({ format: 'der', type: 'spki' }).subarray(-32);
}

function keyOf(secret: Buffer, fresh: KeyObject, reader: KeyObject): Buffer {
  const salt = Buffer.concat([rawOf(fresh), rawOf(reader)]);
  return Buffer.from(hkdfSync('sha256', secret, salt, 'vigie archive 1', 32));
}
