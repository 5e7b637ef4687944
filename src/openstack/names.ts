import { z } from 'zod';

/** The few strings that get swapped by mistake, each with a brand of its own. */
export const ServerId = z.uuid().brand<'ServerId'>();
export type ServerId = z.output<typeof ServerId>;

/** nova's `service.host` (CONF.host), not the hypervisor's hostname. */
export const HostName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$/, 'a host name has letters, digits, dots, dashes and underscores')
  .brand<'HostName'>();
export type HostName = z.output<typeof HostName>;

export const ProjectId = z.string().min(1).brand<'ProjectId'>();
export type ProjectId = z.output<typeof ProjectId>;

/**
 * Nova keeps reasons in three-byte utf8 columns: any character above the BMP (emoji) is answered with 500, and the
 * change is not made. Names the characters that must go; null where the reason may be sent.
 */
export function unsendable(reason: string): string | null {
  const characters = [...new Set(reason)].filter(
    (character) => (character.codePointAt(0) ?? 0) > 0xffff || /\p{Cs}/u.test(character),
  );
  if (characters.length === 0) return null;
  return `the cloud cannot store ${characters.map(named).join(', ')} in a reason; leave ${characters.length === 1 ? 'it' : 'them'} out`;
}

function named(character: string): string {
  const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  return /\p{Cs}/u.test(character) ? `half a character (U+${code})` : `${character} (U+${code})`;
}
