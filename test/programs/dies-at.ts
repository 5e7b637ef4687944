import { promises } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { Connection } from 'mysql2';

/**
 * Loaded before a worker: kills it when it does a thing for the n-th time. DIES_AT: `1 after COMMIT in nova`. `before`: it is not
 * done; `amid`: it left, and nobody waits for the answer; `after`: the answer came to this machine, and nobody read it.
 */
const [count = '', moment = '', ...rest] = (process.env['DIES_AT'] ?? '').split(' ');
const what = rest.join(' ');
const seen = { before: 0, amid: 0, after: 0 };

function reach(when: keyof typeof seen, deed: string): void {
  if (!deed.endsWith(what)) return;
  seen[when] += 1;
  if (when === moment && seen[when] === Number(count)) process.kill(process.pid, 'SIGKILL');
}

/** `rename to /var/…/dump.sql.zst`. */
const { rename } = promises;
promises.rename = async (from, to) => {
  const deed = `rename to ${to}`;
  reach('before', deed);
  await rename(from, to);
  reach('after', deed);
};
syncBuiltinESMExports();

type Query = (this: { config: { database?: string } }, statement: unknown, ...rest: unknown[]) => unknown;

/** `COMMIT in nova`: what is said to an operators' database with a time limit, as transactions are. */
const shared = Connection.prototype as unknown as { query: Query };
const { query } = shared;
shared.query = function killable(statement, ...others) {
  const { sql = '' } = statement as { sql?: string };
  const deed = `${sql} in ${this.config.database}`;
  const answered = others.pop() as (...answer: unknown[]) => void;
  reach('before', deed);
  const result = query.call(this, statement, ...others, (...answer: unknown[]) => {
    reach('after', deed);
    answered(...answer);
  });
  reach('amid', deed);
  return result;
};
