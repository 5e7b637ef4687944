import { z } from 'zod';

/** A string of 1 to `most` characters, as block texts are. */
export function text(most: number) {
  return z.string().min(1).max(most);
}

export function plain(most: number) {
  return z.strictObject({ type: z.literal('plain_text'), text: text(most), emoji: z.boolean().optional() });
}

export function mrkdwn(most: number) {
  return z.strictObject({ type: z.literal('mrkdwn'), text: text(most), verbatim: z.boolean().optional() });
}

export function either(most: number) {
  return z.discriminatedUnion('type', [plain(most), mrkdwn(most)]);
}

export const Id = z.string().min(1).max(255);

export const Confirm = z.strictObject({
  title: plain(100),
  text: plain(300),
  confirm: plain(30),
  deny: plain(30),
  style: z.enum(['primary', 'danger']).optional(),
});

export const Option = z.strictObject({
  text: either(75),
  value: text(150),
  description: either(75).optional(),
  url: text(3000).optional(),
});

export const OptionGroup = z.strictObject({ label: plain(75), options: z.array(Option).min(1).max(100) });
