import type { Place } from '../chat/message.ts';
import { UserError } from '../chat/user-error.ts';
import type { Registry } from '../command/registry.ts';
import type { Rows, Work } from '../mysql/database.ts';
import { authorize } from '../policy/authorize.ts';
import type { Policy } from '../policy/policy.ts';
import { chooseClouds } from './clouds.ts';

export type Line = Extract<ReturnType<Registry['interpret']>, { ok: true }>;

interface Saved {
  readonly line: Line;
  /** Empty for a control line, which reaches none. */
  readonly clouds: readonly string[];
}

interface Saying {
  readonly registry: Registry;
  readonly policy: Policy;
  readonly place: Place;
  readonly account: string;
  readonly text: string;
}

/** The owner may no longer say it: what is saved does not fire. */
export class RightsLost extends UserError {}

/**
 * A line that is to be said by the clock, read as if its owner said it in that place now. Its cloud is written into it,
 * so that it means the same when the place's own cloud is another. Throws what is wrong with it, in one line.
 */
export async function savedLine(rows: Rows | Work, saying: Saying): Promise<Saved> {
  const line = read(saying.registry, saying.text);
  const { command, name } = line;
  if (command.kind === 'control' && (command.risk !== 'read' || unsavable.has(name)))
    throw new UserError(`${name} is for people to say: a schedule reads (tokens count, clouds) or changes a cloud`);
  if (command.kind === 'change' && command.standing === true)
    throw new UserError(`${name} is itself approved once for days: say it without schedule`);
  const clouds = command.kind === 'control' ? [] : await chooseClouds(rows, saying.policy, saying.place, line);
  const facts = { name, role: command.role, risk: command.risk, kind: command.kind };
  for (const cloud of clouds.length === 0 ? [null] : clouds) {
    const decision = authorize(saying.policy, {
      account: saying.account,
      place: saying.place.id,
      command: facts,
      cloud,
    });
    if (decision.verdict === 'refuse') throw new RightsLost(decision.because);
  }
  return { line: withCloud(saying.registry, line, clouds), clouds };
}

/** Answers to a person, about what that person just did. */
const unsavable = new Set(['help', 'whoami', 'more']);

function read(registry: Registry, text: string): Line {
  const line = registry.interpret(text);
  if (!line.ok) throw new UserError(line.problem.title);
  return line;
}

function withCloud(registry: Registry, line: Line, clouds: readonly string[]): Line {
  if (line.clouds.length > 0 || clouds.length === 0) return line;
  const named = registry.interpret(`${line.line} --cloud ${clouds.join(',')}`);
  if (!named.ok || named.clouds.join() !== clouds.join())
    throw new UserError(`say the cloud in the line itself: add --cloud ${clouds.join(',')}`);
  return named;
}
