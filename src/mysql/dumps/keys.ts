import { readFile } from 'node:fs/promises';
import { UserError } from '../../chat/user-error.ts';
import type { DumpFacts } from '../../openstack/cloud.ts';
import type { BackupSettings } from '../../openstack/config.ts';

/** The ids of the backups of fernet-keys and credential-keys; vigie never sees the keys themselves. */
export async function keyIds({ keyIds: { fernet, credential } }: BackupSettings): Promise<DumpFacts['keys']> {
  return { fernet: await idIn(fernet), credential: await idIn(credential) };
}

/** Null where nobody wrote one yet: then every report says so. */
async function idIn(path: string | null): Promise<string | null> {
  if (path === null) return null;
  const text = await readFile(path, 'utf8').catch(() => '');
  const id = text.split('\n')[0]?.trim() ?? '';
  if (id === '') return null;
  // 32 bytes in base64: what stands in a key repository.
  if (/^[\w-]{43}=$/.test(id))
    throw new UserError(`${path} holds a key itself: write the id of the key repository's backup into it instead`);
  return /^[\w.:/@+-]{1,100}$/.test(id) ? id : null;
}
