import { destination, type Logger, pino, stdSerializers } from 'pino';
import { redact } from './openstack/errors.ts';

export type Log = Logger;

export interface LogOptions {
  readonly level: string;
  /** Null is standard error: standard output belongs to the console. */
  readonly file: string | null;
  readonly name: string;
}

const secrets = ['password', 'token', 'secret', 'authorization', 'dsn', 'url'];

/** JSON lines. What names a secret is hidden by its key, what looks like one in an error by its form. */
export function openLog({ level, file, name }: LogOptions): Log {
  const place =
    file === null ? destination({ dest: 2, sync: true }) : destination({ dest: file, mkdir: true, sync: true });
  return logTo(place, { level, name });
}

/** The same lines, written to whatever takes them. */
export function logTo(place: { write(line: string): void }, { level, name }: Omit<LogOptions, 'file'>): Log {
  return pino(
    {
      level,
      base: { name },
      redact: { paths: secrets.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]), censor: '[hidden]' },
      serializers: { err: readable },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    place,
  );
}

/** Drivers put whole statements and requests into errors: kept are what it is, says, its code and where it arose. */
function readable(error: Error): object {
  const { type, message, stack } = stdSerializers.err(error);
  const code = 'code' in error ? { code: error.code } : {};
  return { type, message: redact(message), stack: redact(stack), ...code };
}
