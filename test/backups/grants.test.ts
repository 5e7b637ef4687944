import { expect, test } from 'vitest';
import { mustSeeAll } from '../../src/mysql/grants.ts';
import type { OperatorPool } from '../../src/mysql/operator-pool.ts';

function poolOf(grants: readonly string[]): OperatorPool {
  const raw = async () => grants.map((grant) => [Buffer.from(`GRANT ${grant} TO \`vigie\`@\`%\``)]);
  return { label: 'main', raw } as unknown as OperatorPool; // nothing else is asked
}

const dumps = 'SELECT, SHOW VIEW, TRIGGER, EVENT ON `nova\\_api`.*';

test.each([
  ['MariaDB', [dumps, 'SELECT ON `mysql`.`proc`']],
  ['MySQL 8', [dumps, 'SHOW_ROUTINE ON *.*']],
  ['MySQL 8, which writes its own kind of privileges without spaces', [dumps, 'BACKUP_ADMIN,SHOW_ROUTINE ON *.*']],
])('what an account may is read as its server tells it: %s', async (_server, grants) => {
  await expect(mustSeeAll(poolOf(grants), ['nova_api'])).resolves.toBeUndefined();
  await expect(mustSeeAll(poolOf(grants), ['novaXapi'])).rejects.toThrow('grant SELECT, SHOW VIEW, TRIGGER, EVENT on');
  await expect(mustSeeAll(poolOf(grants.slice(0, 1)), ['nova_api'])).rejects.toThrow('grant SELECT on mysql.proc');
});
