import type { Log } from '../log.ts';
import { loadPolicy, type Policy } from './policy.ts';

/** The policy as it stands: read again on SIGHUP, the old one kept where the new one is broken. */
export async function keepPolicy(path: string, commands: readonly string[], log: Log): Promise<() => Policy> {
  let policy = await loadPolicy(path, { commands });
  process.on('SIGHUP', () => {
    loadPolicy(path, { commands }).then(
      (fresh) => {
        policy = fresh;
        log.info({ policy: fresh.hash.slice(0, 8) }, 'the policy was read again');
      },
      (error: unknown) =>
        log.error(
          { why: error instanceof Error ? error.message : String(error) },
          'the new policy is broken; the old one stays',
        ),
    );
  });
  return () => policy;
}
