import { z } from 'zod';
import { text } from './text.ts';

const style = z
  .strictObject({
    bold: z.boolean().optional(),
    italic: z.boolean().optional(),
    strike: z.boolean().optional(),
    code: z.boolean().optional(),
  })
  .optional();

const Inline = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('text'), text: z.string().min(1), style }),
  z.strictObject({
    type: z.literal('link'),
    url: z.string().min(1).max(3000),
    text: z.string().optional(),
    unsafe: z.boolean().optional(),
    style,
  }),
  z.strictObject({ type: z.literal('emoji'), name: text(255), unicode: z.string().optional() }),
  z.strictObject({ type: z.literal('user'), user_id: text(255), style }),
  z.strictObject({ type: z.literal('channel'), channel_id: text(255), style }),
  z.strictObject({ type: z.literal('usergroup'), usergroup_id: text(255), style }),
  z.strictObject({ type: z.literal('broadcast'), range: z.enum(['here', 'channel', 'everyone']), style }),
  z.strictObject({
    type: z.literal('date'),
    timestamp: z.int(),
    format: z.string().min(1),
    url: z.string().optional(),
    fallback: z.string().optional(),
  }),
]);

const elements = z.array(Inline);
const border = z.int().min(0).max(1).optional();
const Section = z.strictObject({ type: z.literal('rich_text_section'), elements });

export const RichTextElement = z.discriminatedUnion('type', [
  Section,
  z.strictObject({
    type: z.literal('rich_text_list'),
    elements: z.array(Section),
    style: z.enum(['bullet', 'ordered']),
    indent: z.int().min(0).max(8).optional(),
    offset: z.int().min(0).optional(),
    border,
  }),
  z.strictObject({
    type: z.literal('rich_text_preformatted'),
    elements,
    border,
    language: z.string().optional(),
  }),
  z.strictObject({ type: z.literal('rich_text_quote'), elements, border }),
]);
