import { behindMention, decode } from './decode.ts';
import type { Said } from './envelopes.ts';
import { kindOf } from './places.ts';

/** Subtypes of what a person said; all others are edits, joins, bots. */
const spoken: ReadonlySet<string> = new Set(['thread_broadcast', 'file_share', 'me_message']);

export interface Ears {
  readonly prefix: string;
  /** vigie's own user id. */
  readonly self: string;
}

/** The line as the trunk wants it, with its prefix; null where nobody spoke to vigie. */
export function lineIn(said: Said, { prefix, self }: Ears): string | null {
  const { subtype, bot_id: bot, user, hidden, edited, channel_type: kind, channel } = said;
  if (bot !== undefined || user === undefined || user === self || hidden === true) return null;
  // A mention that was put into an old message comes as a mention of its own: what was edited runs nothing.
  if (edited !== undefined) return null;
  if (subtype !== undefined && !spoken.has(subtype)) return null;
  const behind = behindMention(said.text, self);
  const text = decode(behind ?? said.text).trim();
  if (text.startsWith(prefix)) return text;
  // Between two people every line is meant; in a channel those that begin with the prefix or vigie's name.
  const meant = behind !== null || kind === 'im' || kindOf(channel) === 'direct';
  return meant && text !== '' ? prefix + text : null;
}
