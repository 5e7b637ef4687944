import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export const onDebian = existsSync('/etc/debian_version');

/**
 * Debian's packages, unpacked and never installed: they bring services of their own, and some conflict. Kept where any
 * user can reach them, for some programs refuse to run as root. Returns the folder that stands for their root.
 */
export async function unpacked(purpose: string, packages: readonly string[]): Promise<string> {
  const cache = join('/var/tmp', `vigie-${purpose}-${process.getuid?.() ?? 0}`);
  ownFolder(cache);
  const wanted = createHash('sha256').update(packages.join(' ')).digest('hex').slice(0, 8);
  const root = join(cache, `root-${wanted}`);
  if (existsSync(root)) return root;

  const making = join(cache, `making-${process.pid}`);
  rmSync(making, { recursive: true, force: true });
  mkdirSync(join(making, 'root'), { recursive: true });
  await download(making, packages);
  for (const file of readdirSync(making).filter((name) => name.endsWith('.deb')))
    await run('dpkg', ['-x', join(making, file), join(making, 'root')]);
  chmodSync(join(making, 'root'), 0o755);
  if (!existsSync(root)) renameSync(join(making, 'root'), root);
  rmSync(making, { recursive: true, force: true });
  return root;
}

/** These packages and what they need, as far as this machine does not have it. */
export async function missing(...packages: readonly string[]): Promise<string[]> {
  const { stdout } = await knowing(() =>
    run('apt-get', ['-s', '-q', 'install', '--no-install-recommends', '--no-remove', ...packages]),
  );
  return [...stdout.matchAll(/^Inst (\S+)/gm)].map(([, name = '']) => name);
}

async function download(folder: string, packages: readonly string[]): Promise<void> {
  await knowing(() => run('apt-get', ['download', '-q', ...packages], { cwd: folder }));
}

/** A fresh machine knows no packages yet, an old one knows versions that are gone. */
async function knowing<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch {
    await run(
      process.getuid?.() === 0 ? 'apt-get' : 'sudo',
      process.getuid?.() === 0 ? ['-q', 'update'] : ['-n', 'apt-get', '-q', 'update'],
    );
    return ask();
  }
}

/** /var/tmp is everybody's: nobody else may have put the programs there that we are about to run. */
function ownFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const found = lstatSync(folder);
  if (!found.isDirectory() || found.uid !== process.getuid?.() || (found.mode & 0o022) !== 0)
    throw new Error(`${folder} must be a folder that only you can write: remove it`);
}
