import { parseWords } from '../../chat/parse.ts';
import { UserError } from '../../chat/user-error.ts';
import type { RunbookFacts } from '../../openstack/cloud.ts';
import { ServerId } from '../../openstack/names.ts';
import type { PlanContext } from '../command.ts';
import { resolveServer } from '../resolve.ts';

type Typed = Readonly<Record<string, string>>;

/** `server=web-1 state=stopped`, as it was typed behind the runbook's name. */
export function typedOf(words: string | undefined): Typed {
  if (words === undefined) return {};
  const parsed = parseWords(words, '');
  if (parsed.kind !== 'line') throw new UserError('parameters are written NAME=VALUE, with spaces between them');
  const typed = new Map<string, string>();
  for (const { text } of parsed.words) {
    const [, name = '', value = ''] = /^([a-z][a-z0-9_]*)=(.*)$/su.exec(text) ?? [];
    if (name === '') throw new UserError(`${JSON.stringify(text.slice(0, 60))} is no NAME=VALUE, such as server=web-1`);
    if (typed.has(name)) throw new UserError(`${name} is given twice: keep one`);
    typed.set(name, value);
  }
  return Object.fromEntries(typed);
}

/** A server may be typed as people name it; Nova knows its uuid. */
export async function withServers(
  cloud: PlanContext['cloud'],
  { parameters }: RunbookFacts,
  typed: Typed,
): Promise<Typed> {
  const named = parameters.find(({ kind }) => kind === 'SERVER')?.name;
  const reference = named === undefined ? undefined : typed[named];
  if (named === undefined || reference === undefined || ServerId.safeParse(reference.toLowerCase()).success)
    return typed;
  return { ...typed, [named]: (await resolveServer(cloud, reference)).id };
}

/** `sql run task-state server=… guest=running|shutoff`. */
export function runLine({ name, parameters }: RunbookFacts): string {
  const words = parameters.map(({ name: parameter, kind, optional }) => {
    const word = `${parameter}=${kind}`;
    return optional ? `[${word}]` : word;
  });
  return ['sql run', name, ...words].join(' ');
}
