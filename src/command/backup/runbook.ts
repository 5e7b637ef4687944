import { type Report, text } from '../../chat/report.ts';
import { UserError } from '../../chat/user-error.ts';
import type { PlanContext } from '../command.ts';
import { moment } from '../words.ts';
import type { Backup } from './ledger.ts';
import { keyBlock, restoreWords, stateWords } from './words.ts';

/** No password stands in a command, and where it goes is said, not left to the host's own option files. */
const login = '--defaults-extra-file=LOGIN.cnf --host=DATABASE';

/** Production is restored by people: what they type, in order, for one dump. */
export async function runbookReport(name: string | undefined, { cloud, backups }: PlanContext): Promise<Report> {
  const all = await backups.list();
  const backup =
    name === undefined ? all.find(({ state }) => state === 'proven') : all.find((one) => one.name === name);
  if (backup === undefined)
    throw new UserError(
      name === undefined ? `${cloud.name} has no proven backup` : `there is no dump ${name}: backup list`,
    );
  const { facts, restoreSeconds, state } = backup;
  return {
    title: `by hand, never from here: restore ${backup.name}`,
    tone: state === 'proven' ? 'plain' : 'bad',
    blocks: [
      {
        kind: 'fields',
        fields: [
          ['state', state === 'proven' ? `proven, restores in ${restoreWords(restoreSeconds)}` : stateWords(backup)],
          ['holds', facts.databases.map((database) => database.name).join(', ')],
          ['as of', `${moment(backup.dumpedAt)}${facts.position === null ? '' : `, binary log ${facts.position}`}`],
          ['from', `${facts.source.version}, dumped with ${facts.tool}`],
        ],
      },
      { kind: 'code', text: commands(backup, cloud.databases.dumps.endpointOf(backup.path)) },
      text(
        'The dump drops each table before it makes it: what came after its moment is lost unless the binary log is played on top.',
      ),
      keyBlock(facts.keys),
    ],
  };
}

/** `endpoint` null: it is a file. */
function commands({ name, path, facts }: Backup, endpoint: string | null): string {
  const key = facts.keyId === null ? '' : ' KEY.pem';
  const file = endpoint === null ? path : name;
  const databases = facts.databases.map((database) => database.name).join(' ');
  return [
    ...first(path, facts.host, endpoint),
    'umask 077; set -o pipefail',
    ...(endpoint === null ? [] : [`aws --endpoint-url '${endpoint}' s3 cp '${path}' .`]),
    `echo '${facts.sha256}  ${file}' | sha256sum -c`,
    '# 2. stop every OpenStack service that writes to these databases, on every controller',
    '# 3. keep what is there now, however broken',
    `mariadb-dump ${login} --single-transaction --routines --events --databases ${databases} | zstd > before-restore.sql.zst`,
    '# 4. restore: on Galera into one node, the others stopped and joined again afterwards',
    `node dist/src/main.js archive '${file}'${key} | mariadb ${login} --binary-mode --max-allowed-packet=1G`,
    '# 5. put fernet-keys and credential-keys of the same day back before keystone starts',
    '# 6. start keystone, then the others; then: nova-manage cell_v2 list_cells; openstack token issue',
  ].join('\n');
}

const logins = 'LOGIN.cnf holds user and password, and DATABASE is the server';

function first(path: string, host: string, endpoint: string | null): string[] {
  if (endpoint === null) return [`# 1. on ${host}, where ${logins}: is the file as it was written?`];
  return [
    `# 1. where ${logins}, and an S3 client (aws, s3cmd, rclone) has keys that may read ${path.slice(0, path.indexOf('/', 5))}:`,
    '#    fetch it; is it as it was written?',
  ];
}
