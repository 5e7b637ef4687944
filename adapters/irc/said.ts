import { z } from 'zod';

/** What irc-framework tells of a message or a mark; everything that is not needed is left out. */
export const Said = z.object({
  from_server: z.boolean().optional(),
  nick: z.string().min(1),
  ident: z.string().default(''),
  hostname: z.string().default(''),
  target: z.string().min(1),
  /** `@` where only the operators of the channel were told. */
  group: z.string().optional(),
  message: z.string().default(''),
  tags: z.record(z.string(), z.unknown()).default({}),
  /** By the server's clock, where it tells. */
  time: z.number().optional(),
  /** The message's own account tag: absent where the sender is not logged in, or the server has no such tags. */
  account: z.string().optional(),
  batch: z.object({ type: z.string() }).optional(),
});
export type Said = z.output<typeof Said>;

/** A tag with something in it. */
export function tagOf({ tags }: Said, name: string): string | null {
  const value = tags[name];
  return typeof value === 'string' && value !== '' ? value : null;
}
