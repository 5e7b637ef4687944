import { UserError } from '../chat/user-error.ts';
import { OpenStackError } from '../openstack/errors.ts';

export type DatabaseProblem =
  | 'unreachable'
  | 'login'
  | 'denied'
  | 'missing'
  | 'timeout'
  | 'busy'
  | 'read-only'
  | 'syntax'
  | 'conflict'
  | 'broken';

interface Facts {
  readonly problem: DatabaseProblem;
  readonly code: string;
  /** The connection broke, so a statement that had left may or may not have been done. */
  readonly lost?: boolean;
}

/** A failure of an operator's database that stays until somebody mends it, without SQL, password or address. */
export class DatabaseError extends UserError {
  readonly facts: Facts;

  constructor(message: string, facts: Facts) {
    // The driver's error carries the statement and its values: only its code goes on.
    super(message, { cause: new Error(facts.code) });
    this.facts = facts;
  }
}

/** One that passes by itself: to everyone it is a part of the cloud that does not answer now, so it is looked at again. */
export class DatabaseSilence extends OpenStackError {
  readonly silence: Facts;

  constructor(message: string, label: string, facts: Facts) {
    super({ problem: 'unavailable', cloud: label, request: 'its database' }, { cause: new Error(facts.code) });
    this.message = message;
    this.silence = facts;
  }
}

/** `label` names the database (`cell 8561… of prod`), `seconds` the time limit the statement had. */
export function inWords(error: unknown, label: string, seconds: number): unknown {
  if (error instanceof UserError || error instanceof OpenStackError || !isDriverError(error)) return error;
  const code = codeOf(error);
  const { words, ...facts } = problems.find(
    ({ codes }) => codes.includes(code) || codes.includes(`${error.errno}`),
  ) ?? {
    words: `answered error ${code}`,
    problem: 'broken',
  };
  const message = `${label} ${words
    .replace('{seconds}', `${seconds}`)
    .replace('{where}', () => whereOf(error))
    .replace('{privilege}', () => privilegeOf(error))}`;
  const passing = facts.problem === 'unreachable' || facts.problem === 'busy';
  return passing
    ? new DatabaseSilence(message, label, { ...facts, code })
    : new DatabaseError(message, { ...facts, code });
}

/** What went wrong with an operator's database; null where the error is of something else. */
export function databaseProblem(error: unknown): DatabaseProblem | null {
  return factsOf(error)?.problem ?? null;
}

/** Whether the statement that had left may have been done all the same. */
export function isLost(error: unknown): boolean {
  return factsOf(error)?.lost ?? false;
}

function factsOf(error: unknown): Facts | null {
  if (error instanceof DatabaseError) return error.facts;
  return error instanceof DatabaseSilence ? error.silence : null;
}

interface Known {
  readonly codes: readonly string[];
  readonly problem: DatabaseProblem;
  readonly words: string;
  readonly lost?: boolean;
}

const problems: readonly Known[] = [
  {
    codes: [
      'ECONNREFUSED',
      'ENOENT',
      'ENOTFOUND',
      'EAI_AGAIN',
      'EHOSTUNREACH',
      'ENETUNREACH',
      'EACCES',
      'ETIMEDOUT',
      'ER_HOST_IS_BLOCKED',
    ],
    problem: 'unreachable',
    words: 'cannot be reached: is its server up, and are host and port of the DSN right?',
    lost: true,
  },
  {
    codes: ['PROTOCOL_CONNECTION_LOST', 'ECONNRESET', 'EPIPE', 'ER_SERVER_SHUTDOWN', 'ER_CONNECTION_KILLED', '4031'],
    problem: 'unreachable',
    words: 'closed the connection in the middle of the work',
    lost: true,
  },
  {
    codes: [
      'ER_ACCESS_DENIED_ERROR',
      'ER_ACCESS_DENIED_NO_PASSWORD_ERROR',
      'ER_HOST_NOT_PRIVILEGED',
      'ER_MUST_CHANGE_PASSWORD_LOGIN',
      'ER_ACCOUNT_HAS_BEEN_LOCKED',
    ],
    problem: 'login',
    words: 'refused the login: check user and password of its DSN, and that the account may log in from here',
  },
  {
    codes: ['ER_DBACCESS_DENIED_ERROR'],
    problem: 'denied',
    words: 'does not let this account use the database its DSN names',
  },
  { codes: ['ER_BAD_DB_ERROR'], problem: 'missing', words: 'has no database of the name its DSN ends in' },
  {
    codes: ['ER_COLUMNACCESS_DENIED_ERROR', 'ER_TABLEACCESS_DENIED_ERROR'],
    problem: 'denied',
    words: 'does not let this account use {where}: grant it',
  },
  {
    codes: ['ER_SPECIFIC_ACCESS_DENIED_ERROR'],
    problem: 'denied',
    words: 'wants a privilege this account does not have: grant {privilege}',
  },
  { codes: ['ER_PARSE_ERROR'], problem: 'syntax', words: 'does not understand a statement: is it of another release?' },
  { codes: ['ER_NO_SUCH_TABLE'], problem: 'missing', words: 'has no {where}: does its DSN name the right database?' },
  { codes: ['ER_BAD_FIELD_ERROR'], problem: 'missing', words: 'has no {where}: is it of another release?' },
  {
    codes: ['1969', '3024'],
    problem: 'timeout',
    words: 'took longer than {seconds} s: stopped',
  },
  {
    codes: ['PROTOCOL_SEQUENCE_TIMEOUT'],
    problem: 'timeout',
    words: 'did not answer within {seconds} s',
    lost: true,
  },
  {
    codes: ['ER_LOCK_DEADLOCK', 'ER_LOCK_WAIT_TIMEOUT', 'ER_CHECKREAD'],
    problem: 'busy',
    words: 'had the table or row locked by someone else: try again',
  },
  {
    codes: ['ER_UNKNOWN_COM_ERROR'],
    problem: 'busy',
    words: 'is a Galera node that is not ready: is the cluster whole?',
  },
  {
    codes: ['ER_OPTION_PREVENTS_STATEMENT', 'ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION', '1836'],
    problem: 'read-only',
    words: 'is read-only (a replica?): its DSN must name the server that takes writes',
  },
  {
    codes: ['ER_ROW_IS_REFERENCED_2', 'ER_ROW_IS_REFERENCED'],
    problem: 'conflict',
    words: 'has rows of other tables that refer to such a row: nothing was changed',
  },
  {
    codes: ['ER_NO_REFERENCED_ROW_2', 'ER_NO_REFERENCED_ROW'],
    problem: 'conflict',
    words: 'lacks a row that such a row refers to: nothing was changed',
  },
  {
    codes: ['ER_DUP_ENTRY'],
    problem: 'conflict',
    words: 'has another row by now with a value that only one row may have: nothing was changed',
  },
  {
    codes: ['ER_CON_COUNT_ERROR', 'ER_TOO_MANY_USER_CONNECTIONS', 'ER_USER_LIMIT_REACHED'],
    problem: 'unreachable',
    words: 'has no connection left for this account',
  },
  {
    codes: [
      'HANDSHAKE_SSL_ERROR',
      'HANDSHAKE_NO_SSL_SUPPORT',
      'ER_SECURE_TRANSPORT_REQUIRED',
      'CERT_HAS_EXPIRED',
      'SELF_SIGNED_CERT_IN_CHAIN',
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      'ERR_TLS_CERT_ALTNAME_INVALID',
    ],
    problem: 'login',
    words: 'could not agree on TLS: check the ssl_ca, ssl_cert and ssl_key of its DSN',
  },
];

interface DriverError extends Error {
  readonly code?: unknown;
  readonly errno?: unknown;
}

function isDriverError(error: unknown): error is DriverError {
  return error instanceof Error && ('errno' in error || 'code' in error || 'fatal' in error);
}

/** A statement upon a connection that is closed by now gets an error of the driver's that is only fatal. */
function codeOf({ code, errno }: DriverError): string {
  if (typeof code === 'string') return code;
  return errno === undefined ? 'PROTOCOL_CONNECTION_LOST' : `${errno}`;
}

/** What the server's message names: of all its words only the table and the column are fit to be said. */
function whereOf(error: Error): string {
  const column = /(?:column|Unknown column) '([\w.]+)'/.exec(error.message)?.[1];
  const table = /table [`']?(?:[\w-]+[`']?\.[`']?)?(\w+)/i.exec(error.message)?.[1];
  const named = [column && `column ${column}`, table && `table ${table}`].filter(Boolean);
  return named.join(' of ') || 'a table or column it needs';
}

/** `you need (at least one of) the SUPER, SLAVE MONITOR privilege(s)`: names of privileges and nothing else. */
function privilegeOf(error: Error): string {
  return /the ([A-Z, _]+) privilege/.exec(error.message)?.[1] ?? 'what docs/archives.md names';
}
