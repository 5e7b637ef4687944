import { lockState } from '../../src/embedded/lock.ts';
import { ensureMariadb, ensureRedis } from '../../src/embedded.ts';

/** Owns the state directory named on the command line, with both servers, until it is killed. */
const [directory = '', what] = process.argv.slice(2);
try {
  lockState(directory);
  const servers =
    what === 'lock'
      ? []
      : await Promise.all([ensureRedis(directory), ensureMariadb(directory, ['CREATE DATABASE IF NOT EXISTS vigie'])]);
  process.stdout.write(
    `up ${servers.map((server) => server.url.replace('localhost/?', 'localhost/vigie?')).join(' ')}\n`,
  );
  setInterval(() => undefined, 60_000);
} catch (error) {
  process.stdout.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
