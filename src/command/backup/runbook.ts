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
      { kind: 'code', text: commands(backup) },
      text(
        'The dump drops each table before it makes it: what came after its moment is lost unless the binary log is played on top.',
      ),
      keyBlock(facts.keys),
    ],
  };
}

function commands({ path, facts }: Backup): string {
  const key = facts.keyId === null ? '' : ' KEY.pem';
  const databases = facts.databases.map(({ name }) => name).join(' ');
  return [
    `# 1. on ${facts.host}, where LOGIN.cnf holds user and password, and DATABASE is the server: is the file as it was written?`,
    'umask 077; set -o pipefail',
    `echo '${facts.sha256}  ${path}' | sha256sum -c`,
    '# 2. stop every OpenStack service that writes to these databases, on every controller',
    '# 3. keep what is there now, however broken',
    `mariadb-dump ${login} --single-transaction --routines --events --databases ${databases} | zstd > before-restore.sql.zst`,
    '# 4. restore: on Galera into one node, the others stopped and joined again afterwards',
    `node dist/src/main.js archive '${path}'${key} | mariadb ${login} --binary-mode --max-allowed-packet=1G`,
    '# 5. put fernet-keys and credential-keys of the same day back before keystone starts',
    '# 6. start keystone, then the others; then: nova-manage cell_v2 list_cells; openstack token issue',
  ].join('\n');
}
