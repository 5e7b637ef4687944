import { z } from 'zod';
import { invalid } from '../refusal.ts';
import type { Json } from '../state.ts';
import { MessageBlock, ViewBlock } from './schema.ts';
import { textsOf } from './texts.ts';

/** All text in the blocks of a message together; found by people, written nowhere. */
const textInAll = 13_200;
const textInTables = 10_000;
const textInMarkdown = 12_000;

/** Refuses what Slack refuses; `blocks` as parsed from the call. Generated ids are filled in, as Slack does. */
export function validBlocks(blocks: unknown, at = '/blocks'): Json[] {
  if (!Array.isArray(blocks)) throw invalid('invalid_blocks_format', []);
  const problems = problemsOf(blocks, z.array(MessageBlock).max(50), at);
  if (problems.length > 0) throw invalid('invalid_blocks', problems);
  const checked: Json[] = blocks;
  refuseTables(checked, at);
  const markdown = checked.filter(({ type }) => type === 'markdown');
  if (lengthOf(markdown) > textInMarkdown || lengthOf(checked) > textInAll) throw invalid('msg_blocks_too_long', []);
  return withIds(checked);
}

/** The blocks of a Home tab or a modal: 100 of them. */
export function validViewBlocks(blocks: unknown): Json[] {
  const problems = problemsOf(blocks, z.array(ViewBlock).max(100), '/view/blocks');
  if (problems.length > 0) throw invalid('invalid_arguments', problems);
  return withIds(z.array(z.record(z.string(), z.unknown())).parse(blocks));
}

function problemsOf(blocks: unknown, schema: z.ZodType, at: string): string[] {
  const parsed = schema.safeParse(blocks, { reportInput: true });
  if (!parsed.success) return parsed.error.issues.map((issue) => inSlacksWords(issue, at));
  return repeated(z.array(z.record(z.string(), z.unknown())).parse(blocks), at);
}

function inSlacksWords(issue: z.core.$ZodIssue, at: string): string {
  const pointer = `[json-pointer:${[at, ...issue.path.map(String)].join('/')}]`;
  switch (issue.code) {
    case 'too_big':
      return issue.origin === 'array'
        ? `no more than ${issue.maximum} items allowed ${pointer}`
        : `must be less than ${Number(issue.maximum) + 1} characters ${pointer}`;
    case 'too_small':
      return issue.origin === 'array'
        ? `no fewer than ${issue.minimum} items allowed ${pointer}`
        : `must be more than ${Number(issue.minimum) - 1} characters ${pointer}`;
    case 'unrecognized_keys':
      return `invalid additional property: ${issue.keys.join(', ')} ${pointer}`;
    case 'invalid_union':
      return `unsupported type: ${String(typeIn(issue.input))} ${pointer}`;
    case 'invalid_type':
      return issue.input === undefined
        ? `missing required field: ${String(issue.path.at(-1))} ${pointer.replace(/\/[^/]*\]$/, ']')}`
        : `must be a valid ${issue.expected} ${pointer}`;
    case 'invalid_value':
      return issue.path.at(-1) === 'type'
        ? `unsupported type: ${String(issue.input)} ${pointer}`
        : `must be a valid enum value ${pointer}`;
    default:
      return `${issue.message} ${pointer}`;
  }
}

function typeIn(input: unknown): unknown {
  return typeof input === 'object' && input !== null && 'type' in input ? input.type : input;
}

/** A block_id is unique in a message, an action_id in its block. */
function repeated(blocks: readonly Json[], at: string): string[] {
  const ids = blocks.flatMap(({ block_id }) => (typeof block_id === 'string' ? [block_id] : []));
  const inBlocks = blocks.flatMap((block, index) =>
    duplicates(actionIds(block)).map((id) => `\`action_id\` "${id}" already exists [json-pointer:${at}/${index}]`),
  );
  return [...duplicates(ids).map((id) => `\`block_id\` "${id}" already exists [json-pointer:${at}]`), ...inBlocks];
}

function actionIds(block: Json): string[] {
  return elementsOf(block).flatMap(({ action_id }) => (typeof action_id === 'string' ? [action_id] : []));
}

function duplicates(ids: readonly string[]): string[] {
  return [...new Set(ids.filter((id, index) => ids.indexOf(id) !== index))];
}

function refuseTables(blocks: readonly Json[], at: string): void {
  const tables = blocks.filter(({ type }) => type === 'table');
  if (tables.length > 1) throw invalid('invalid_attachments', [`only_one_table_allowed [json-pointer:${at}]`]);
  if (lengthOf(tables) > textInTables)
    throw invalid('invalid_blocks', [`must be less than ${textInTables + 1} characters [json-pointer:${at}]`]);
}

function lengthOf(blocks: readonly Json[]): number {
  return textsOf(blocks).reduce((sum, text) => sum + text.length, 0);
}

function withIds(blocks: readonly Json[]): Json[] {
  return blocks.map((block, index) => {
    const made = structuredClone(block);
    made['block_id'] ??= `b${index}${Math.random().toString(36).slice(2, 6)}`;
    for (const [at, element] of elementsOf(made).entries())
      if ('type' in element && element['type'] !== 'image' && !('text' in element && made['type'] === 'context'))
        element['action_id'] ??= `a${at}${Math.random().toString(36).slice(2, 6)}`;
    return made;
  });
}

/** The interactive elements of a block: those of `actions`, a section's accessory, an input's element. */
export function elementsOf(block: Json): Json[] {
  if (block['type'] === 'actions') return block['elements'] as Json[]; // checked by the schema
  const one = block['accessory'] ?? block['element'];
  return one === undefined ? [] : [one as Json];
}
