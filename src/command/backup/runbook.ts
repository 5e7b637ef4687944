import { type Block, type Report, text } from '../../chat/report.ts';
import { UserError } from '../../chat/user-error.ts';
import type { DumpServer } from '../../openstack/cloud.ts';
import type { PlanContext } from '../command.ts';
import { list, moment } from '../words.ts';
import type { Backup } from './ledger.ts';
import { keyBlocks, lastProven, nothingOf, restoreWords, stateWords } from './words.ts';

/** No password stands in a command, and where it goes is said, not left to the host's own option files. */
const login = '--defaults-extra-file=LOGIN.cnf --host=DATABASE';

/** Production is restored by people: what they type, in order, for one dump, or for the last proven one of each server. */
export async function runbookReport(name: string | undefined, { cloud, backups }: PlanContext): Promise<Report> {
  const { dumps } = cloud.databases;
  const known = await backups.list();
  const chosen = name === undefined ? newest(cloud.name, dumps.servers(), known) : named(name, known);
  const { found, lacking } = chosen;
  return {
    title: `by hand, never from here: restore ${list(found.map((one) => one.name))}`,
    tone: lacking.length === 0 && found.every(({ state }) => state === 'proven') ? 'plain' : 'bad',
    blocks: [
      ...lacking.map((server) => text(`${nothingOf(server)}: no lines for it`)),
      ...found.flatMap((backup): Block[] => [
        { kind: 'fields', fields: facts(backup) },
        { kind: 'code', text: commands(backup, dumps.endpointOf(backup.path)) },
      ]),
      text(
        'A dump drops each table before it makes it: what came after its moment is lost unless the binary log is played on top.',
      ),
      ...keyBlocks(found.map((backup) => backup.facts)),
    ],
  };
}

interface Chosen {
  readonly found: readonly Backup[];
  /** Servers of which nothing is proven that holds all of their databases. */
  readonly lacking: readonly DumpServer[];
}

function newest(cloud: string, servers: readonly DumpServer[], known: readonly Backup[]): Chosen {
  const found = servers.flatMap((server) => lastProven(known, server) ?? []);
  if (found.length === 0)
    throw new UserError(`${cloud} has no proven backup: ${list(servers.map(nothingOf))}; backup run makes one`);
  return { found, lacking: servers.filter((server) => lastProven(known, server) === null) };
}

function named(name: string, known: readonly Backup[]): Chosen {
  const found = known.filter((one) => one.name === name);
  if (found.length === 0) throw new UserError(`there is no dump ${name}: backup list`);
  return { found, lacking: [] };
}

function facts(backup: Backup): [string, string][] {
  const { server, state, restoreSeconds, dumpedAt, facts: dumped } = backup;
  const { databases, position, source, tool } = dumped;
  return [
    ['server', server],
    ['state', state === 'proven' ? `proven, restores in ${restoreWords(restoreSeconds)}` : stateWords(backup)],
    ['holds', databases.map((database) => database.name).join(', ')],
    ['as of', `${moment(dumpedAt)}${position === null ? '' : `, binary log ${position}`}`],
    ['from', `${source.version}, dumped with ${tool}`],
  ];
}

/** `endpoint` null: it is a file. */
function commands({ name, server, path, facts }: Backup, endpoint: string | null): string {
  const key = facts.keyId === null ? '' : ' KEY.pem';
  const file = endpoint === null ? path : name;
  const databases = facts.databases.map((database) => database.name).join(' ');
  return [
    ...first({ path, server, facts }, endpoint),
    'umask 077; set -o pipefail',
    ...(endpoint === null ? [] : [`aws --endpoint-url '${endpoint}' s3 cp '${path}' .`]),
    `echo '${facts.sha256}  ${file}' | sha256sum -c`,
    '# 2. stop every OpenStack service that writes to these databases, on every controller',
    '# 3. keep what is there now, however broken',
    `mariadb-dump ${login} --single-transaction --routines --events --databases ${databases} | zstd > before-restore-${server}.sql.zst`,
    '# 4. on a server made anew: first each service’s account and its grants, which no dump of vigie’s holds (docs/backups.md)',
    '# 5. restore: on Galera into one node, the others stopped and joined again afterwards',
    `node dist/src/main.js archive '${file}'${key} | mariadb ${login} --binary-mode --max-allowed-packet=1G`,
    '# 6. put fernet-keys and credential-keys of the same day back before keystone starts',
    '# 7. start keystone, then the others; then: nova-manage cell_v2 list_cells; openstack token issue',
  ].join('\n');
}

function first({ path, server, facts }: Pick<Backup, 'path' | 'server' | 'facts'>, endpoint: string | null): string[] {
  const logins = `LOGIN.cnf holds user and password, and DATABASE is where ${server} is`;
  if (endpoint === null) return [`# 1. on ${facts.host}, where ${logins}: is the file as it was written?`];
  return [
    `# 1. where ${logins}, and an S3 client (aws, s3cmd, rclone) has keys that may read ${path.slice(0, path.indexOf('/', 5))}:`,
    '#    fetch it; is it as it was written?',
  ];
}
