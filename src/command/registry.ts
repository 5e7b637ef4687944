import { readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type Parsed, parseWords } from '../chat/parse.ts';
import type { Command } from './command.ts';
import { type Interpreted, interpret } from './interpret.ts';
import { brokenRule } from './rules.ts';
import { type Registered, slotsOf, tokensOf } from './usage.ts';

export type { Interpreted } from './interpret.ts';
export type { Registered } from './usage.ts';

export interface Registry {
  readonly commands: readonly Registered[];
  /** A canonical line without prefix, or its words. */
  interpret(line: string | Parsed): Interpreted;
}

/** A file under commands/ breaks a rule: the start stops with its name. */
export class BrokenCommand extends Error {
  override readonly name = 'BrokenCommand';
}

/** Reads commands/: the folder is the registry. Works on sources (tsx, vitest) and on what tsc made of them. */
export async function loadRegistry(folder: URL | string): Promise<Registry> {
  const root = typeof folder === 'string' ? folder : fileURLToPath(folder);
  const files = await commandFiles(root);
  const loaded = await Promise.all(files.map((file) => load(root, file)));
  const registry = registryOf(loaded.map(({ registered }) => registered));
  for (const { file, registered } of loaded) {
    const why = brokenRule(registered, registry);
    if (why !== null) throw new BrokenCommand(`${join(root, file)}: ${why}`);
  }
  return registry;
}

/** A registry of commands that are at hand already. */
export function registryOf(registered: readonly Registered[]): Registry {
  const commands = [...registered].sort((a, b) => (a.name < b.name ? -1 : 1));
  const byFirstWord = new Map<string, Registered[]>();
  for (const registered of commands) {
    const [first = ''] = registered.name.split(' ');
    byFirstWord.set(first, [...(byFirstWord.get(first) ?? []), registered]);
  }
  const known = { commands, beginning: (word: string) => byFirstWord.get(word) ?? [] };
  return {
    commands,
    interpret: (line) => interpret(known, typeof line === 'string' ? parseWords(line, '') : line),
  };
}

export function register(path: string, command: Command): Registered {
  const words = command.words ?? path;
  const tokens = tokensOf(words);
  const literals = tokens.flatMap((token) => ('literal' in token ? [token.literal] : []));
  return { name: literals.join(' '), words, tokens, slots: slotsOf(tokens, command), command };
}

/** Files and folders that begin with `_` are helpers beside their command. */
async function commandFiles(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && /(?<!\.d)\.[tj]s$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter((file) => !file.split(sep).some((part) => part.startsWith('_')))
    .sort();
}

async function load(root: string, file: string): Promise<{ file: string; registered: Registered }> {
  try {
    const module: unknown = await import(pathToFileURL(join(root, file)).href);
    return { file, registered: register(wordsOfPath(file), commandOf(module)) };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new BrokenCommand(`${join(root, file)}: ${why}`, { cause });
  }
}

/** commands/tokens/count.ts is `tokens count`, commands/maintenance/index.ts is `maintenance`. */
function wordsOfPath(file: string): string {
  const parts = file.replace(/\.[tj]s$/, '').split(sep);
  return (parts.at(-1) === 'index' ? parts.slice(0, -1) : parts).join(' ');
}

function commandOf(module: unknown): Command {
  const found = module !== null && typeof module === 'object' && 'default' in module ? module.default : undefined;
  if (!isCommand(found)) throw new Error('its default export is not made by query, change or control');
  return found;
}

function isCommand(found: unknown): found is Command {
  if (found === null || typeof found !== 'object' || !('kind' in found) || !('args' in found)) return false;
  return found.kind === 'query' || found.kind === 'change' || found.kind === 'control';
}
