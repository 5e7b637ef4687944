import { z } from 'zod';
import { NotTaken, PlaceRefused, type Reaction } from '../../src/chat/message.ts';
import type { Mark } from './envelopes.ts';
import { SlackTrouble, type Web } from './web.ts';

export interface ReactionNames {
  readonly approve: readonly string[];
  readonly deny: readonly string[];
}

/** The yes or no that a mark says about a message; null for all other marks. */
export function reactionOf(mark: Mark, { approve, deny }: ReactionNames): Reaction | null {
  const name = plain(mark.reaction);
  const choice = approve.includes(name) ? 'approve' : deny.includes(name) ? 'deny' : null;
  if (choice === null || mark.item.type !== 'message' || mark.item.ts === undefined) return null;
  return { on: mark.item.ts, choice, withdrawn: mark.type === 'reaction_removed' };
}

/** The skin's colour changes nothing about what is meant. */
function plain(name: string): string {
  return name.replace(/::skin-tone-\d$/, '');
}

const Marked = z.looseObject({
  reactions: z.array(z.looseObject({ name: z.string(), users: z.array(z.string()).default([]) })).default([]),
});

/**
 * Slack tells each event again by itself, so a mark that was taken away may be told after that it was. What counts is
 * what stands by now: a mark that is there, or that of one's marks none is left.
 */
export function openStanding(web: Web, { approve, deny }: ReactionNames): (mark: Mark) => Promise<boolean> {
  return async (mark) => {
    const { channel, ts } = mark.item;
    try {
      const { message } = await web.ask('reactions.get', { channel, timestamp: ts, full: true });
      const own = Marked.parse(message ?? {}).reactions.filter(({ users }) => users.includes(mark.user));
      const names = own.map(({ name }) => plain(name));
      const alike = (approve.includes(plain(mark.reaction)) ? approve : deny).some((name) => names.includes(name));
      const any = alike || [...approve, ...deny].some((name) => names.includes(name));
      return mark.type === 'reaction_added' ? alike : !any;
    } catch (error) {
      if (error instanceof PlaceRefused) return false;
      // Whoever stands in for Slack and cannot be asked is believed as it is.
      if (error instanceof SlackTrouble && error.problem === 'unknown_method') return true;
      throw new NotTaken('Slack does not tell which marks stand');
    }
  };
}
