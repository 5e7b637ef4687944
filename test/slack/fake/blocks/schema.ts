import { z } from 'zod';
import { Accessory, Action, ContextElement, Image, Input } from './elements.ts';
import { RichTextElement } from './rich-text.ts';
import { either, Id, plain, text } from './text.ts';

const block_id = Id.optional();

const Section = z
  .strictObject({
    type: z.literal('section'),
    block_id,
    text: either(3000).optional(),
    fields: z.array(either(2000)).min(1).max(10).optional(),
    accessory: Accessory.optional(),
    expand: z.boolean().optional(),
  })
  .refine(({ text, fields }) => text !== undefined || fields !== undefined, {
    error: 'must define either `fields` or `text`',
  });

const Cell = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('raw_text'), text: z.string().min(1) }),
  z.strictObject({ type: z.literal('rich_text'), elements: z.array(RichTextElement).min(1), block_id }),
]);

const Column = z.strictObject({
  align: z.enum(['left', 'center', 'right']).optional(),
  is_wrapped: z.boolean().optional(),
});

const Table = z.strictObject({
  type: z.literal('table'),
  block_id,
  rows: z.array(z.array(Cell).min(1).max(20)).min(1).max(100),
  column_settings: z.array(Column).max(20).optional(),
});

const inMessagesAndHome = [
  Section,
  z.strictObject({ type: z.literal('divider'), block_id }),
  z.strictObject({ type: z.literal('header'), block_id, text: plain(150) }),
  z.strictObject({ type: z.literal('context'), block_id, elements: z.array(ContextElement).min(1).max(10) }),
  z.strictObject({ type: z.literal('actions'), block_id, elements: z.array(Action).min(1).max(25) }),
  Image.extend({ block_id, title: plain(2000).optional() }),
  z.strictObject({ type: z.literal('rich_text'), block_id, elements: z.array(RichTextElement).min(1) }),
] as const;

const InputBlock = z.strictObject({
  type: z.literal('input'),
  block_id,
  label: plain(2000),
  element: Input,
  hint: plain(2000).optional(),
  optional: z.boolean().optional(),
  dispatch_action: z.boolean().optional(),
});

/** `z.strictObject` says what Slack says: nothing but the documented fields, and each within its limit. */
export const MessageBlock = z.discriminatedUnion('type', [
  ...inMessagesAndHome,
  z.strictObject({ type: z.literal('markdown'), block_id, text: text(12_000) }),
  Table,
]);

export const ViewBlock = z.discriminatedUnion('type', [...inMessagesAndHome, InputBlock]);
