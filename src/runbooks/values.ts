import { isIP } from 'node:net';
import { namedCharacter } from '../chat/characters.ts';
import { UserError } from '../chat/user-error.ts';
import type { Parameter } from './head.ts';
import type { Runbook } from './runbook.ts';

export type Values = Readonly<Record<string, string | null>>;

const longest = 255;

/** What was typed, each by its parameter's kind. A `UserError` names the first that is wrong, missing or not known. */
export function valuesOf({ head }: Runbook, typed: Readonly<Record<string, string>>): Values {
  const { parameters } = head;
  const strange = Object.keys(typed).find((name) => !Object.hasOwn(parameters, name));
  if (strange !== undefined)
    throw new UserError(`${head.name} has no parameter ${shown(strange)}; it takes ${usage(parameters) || 'none'}`);
  return Object.fromEntries(
    Object.entries(parameters).map(([name, parameter]) => {
      const value = Object.hasOwn(typed, name) ? typed[name] : undefined;
      if (value === undefined && parameter.optional) return [name, null];
      if (value === undefined)
        throw new UserError(`${name} is missing: ${parameter.help}; type ${head.name} ${usage(parameters)}`);
      return [name, checked(name, parameter, value)];
    }),
  );
}

/** `server=… state=stopped|paused [restarted=…]`. */
export function usage(parameters: Readonly<Record<string, Parameter>>): string {
  const words = Object.entries(parameters).map(([name, parameter]) => {
    const word = `${name}=${parameter.choices?.join('|') ?? '…'}`;
    return parameter.optional ? `[${word}]` : word;
  });
  return words.join(' ');
}

function checked(name: string, { type, choices }: Parameter, typed: string): string {
  if (typed.length > longest)
    throw new UserError(`${name} has ${typed.length} characters, and at most ${longest} are possible`);
  const strange = namedCharacter(typed);
  if (strange !== null) throw new UserError(`${name} holds ${strange.name} at character ${strange.at}: leave it out`);
  if (choices?.includes(typed)) return typed;
  if (choices !== undefined) throw new UserError(`${name}=${shown(typed)}: it is ${choices.join(' or ')}`);
  const { holds, is } = kinds[type ?? 'word'];
  const value = holds(typed);
  if (value === null) throw new UserError(`${name}=${shown(typed)}: it is ${is}`);
  return value;
}

interface Kind {
  /** The value, or null where this is none. */
  holds(typed: string): string | null;
  readonly is: string;
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

const kinds: Readonly<Record<NonNullable<Parameter['type']>, Kind>> = {
  server: { holds: fits(uuid, lower), is: 'the uuid of a server' },
  uuid: { holds: fits(uuid, lower), is: 'a uuid' },
  host: { holds: fits(/^[A-Za-z0-9][A-Za-z0-9._-]*$/), is: 'a host name, as Nova has it' },
  project: { holds: fits(/^[A-Za-z0-9][A-Za-z0-9_-]*$/), is: 'the id of a project' },
  address: { holds: (typed) => (isIP(typed) > 0 ? typed : null), is: 'an IP address' },
  number: { holds: fits(/^(?:0|[1-9]\d{0,17})$/), is: 'a whole number' },
  word: { holds: fits(/^[\w.:@+-]+$/), is: 'a word without spaces and quotes' },
  moment: { holds: momentOf, is: 'a moment in UTC, such as 2026-11-29T10:00' },
  text: { holds: fits(/^[^'"`\\]+$/u), is: 'a text without quotes and backslashes' },
};

function fits(pattern: RegExp, change: (typed: string) => string = (typed) => typed): Kind['holds'] {
  return (typed) => (pattern.test(typed) ? change(typed) : null);
}

function lower(typed: string): string {
  return typed.toLowerCase();
}

/** As the databases write it: naive UTC. */
function momentOf(typed: string): string | null {
  const parts = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(:\d{2})?Z?$/.exec(typed);
  if (parts === null) return null;
  const [, day = '', minute = '', second = ':00'] = parts;
  const date = new Date(`${day}T${minute}${second}Z`);
  const exists = !Number.isNaN(date.getTime()) && date.toISOString().startsWith(`${day}T${minute}${second}`);
  return exists ? `${day} ${minute}${second}` : null;
}

/** What was typed, short enough to be said again. */
function shown(typed: string): string {
  const line = typed.replace(/\p{C}/gu, '?');
  return JSON.stringify(line.length > 60 ? `${line.slice(0, 59)}…` : line);
}
