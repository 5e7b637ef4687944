import { expect, test } from 'vitest';
import { dumpArguments } from '../../src/mysql/dumps/program.ts';

const sources = {
  mariadb: { flavour: 'mariadb', version: '10.11.19-MariaDB-log' },
  mysql57: { flavour: 'mysql', version: '5.7.44-log' },
  mysql8: { flavour: 'mysql', version: '8.0.36' },
} as const;
const tools = {
  mariadb: { flavour: 'mariadb', version: '10.19 Distrib 10.11.19-MariaDB' },
  mysql57: { flavour: 'mysql', version: '10.13 Distrib 5.7.44' },
  mysql8: { flavour: 'mysql', version: '8.0.36' },
  mysql84: { flavour: 'mysql', version: '8.4.3' },
} as const;

function asked(tool: keyof typeof tools, source: keyof typeof sources): string[] {
  const all = dumpArguments(
    { path: 'dump', ...tools[tool] },
    { ...sources[source], binlog: true, databases: ['nova'] },
  );
  const common = ['--single-transaction', '--quick', '--hex-blob', '--routines', '--triggers', '--events'];
  expect(all).toEqual(expect.arrayContaining(common));
  expect(all.slice(-2)).toEqual(['--databases', 'nova']);
  return all.filter((one) => /column|source-data|master-data|gtid/.test(one));
}

test.each([
  ['mariadb', 'mariadb', ['--master-data=2', '--gtid']],
  ['mariadb', 'mysql57', ['--master-data=2']],
  ['mysql57', 'mysql57', ['--set-gtid-purged=OFF', '--master-data=2']],
  ['mysql8', 'mysql8', ['--set-gtid-purged=COMMENTED', '--source-data=2']],
  ['mysql84', 'mysql8', ['--set-gtid-purged=COMMENTED', '--source-data=2']],
  ['mysql8', 'mysql57', ['--set-gtid-purged=COMMENTED', '--column-statistics=0', '--source-data=2']],
  ['mysql84', 'mariadb', ['--set-gtid-purged=COMMENTED', '--column-statistics=0', '--source-data=2']],
] as const)('a program of %s asks a server of %s for what it has', (tool, source, options) => {
  expect(asked(tool, source)).toEqual(options);
});
