import type { Command } from '../command/command.ts';

/** As much of a command as the policy needs to know. */
export type CommandFacts = Pick<Command, 'role' | 'risk' | 'kind'> & { readonly name: string };

/** `*` stands for any letters, none included. */
export function matchesAny(patterns: readonly string[], text: string): boolean {
  return patterns.some((pattern) => matches(pattern, text));
}

function matches(pattern: string, text: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.\\+?^${}()|[\]]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(text);
}

/** By name or pattern, `role:reader`, `risk:read`. */
export function matchesCommand(
  patterns: readonly string[],
  command: Pick<CommandFacts, 'name'> & Partial<CommandFacts>,
): boolean {
  return patterns.some((pattern) => {
    if (pattern.startsWith('role:')) return pattern === `role:${command.role}`;
    if (pattern.startsWith('risk:')) return pattern === `risk:${command.risk}`;
    return matches(pattern, command.name);
  });
}

/** No list matches everything; a list never matches a line that reaches no cloud. */
export function matchesCloud(patterns: readonly string[] | undefined, cloud: string | null): boolean {
  return patterns === undefined || (cloud !== null && matchesAny(patterns, cloud));
}
