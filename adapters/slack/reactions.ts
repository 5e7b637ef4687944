import { z } from 'zod';
import { NotTaken, PlaceRefused, type Reaction } from '../../src/chat/message.ts';
import type { Mark } from './envelopes.ts';
import type { Log } from './options.ts';
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

const Marks = z.array(z.looseObject({ name: z.string(), users: z.array(z.string()).default([]) }));
type Marks = z.output<typeof Marks>;
const Marked = z.looseObject({ ts: z.string().optional(), reactions: Marks.nullish() });

export interface StandingOptions {
  readonly web: Web;
  readonly reactions: ReactionNames;
  readonly log: Log;
}

export interface Standing {
  /** Whether what a mark says is still so. */
  stands(mark: Mark): Promise<boolean>;
  problem(): string | null;
}

/**
 * Slack tells each event again by itself, so a mark that was taken away may be told after that it was. What counts is
 * what stands by now: a mark that is there, or that of one's marks none is left.
 */
export function openStanding({ web, reactions, log }: StandingOptions): Standing {
  let blind = false;
  let logged = false;

  /** Then what was signed is believed as it was told. */
  function unseen(): true {
    if (!logged) log('warn', {}, 'Slack does not show which reactions stand: each is believed as it is told');
    [blind, logged] = [true, true];
    return true;
  }

  return {
    problem: () => (blind ? 'Slack does not show which reactions stand: one that is told late may count' : null),
    async stands(mark) {
      try {
        const marks = await marksOn(web, mark.item);
        // A message without any mark looks the same.
        if (marks === null) return mark.type === 'reaction_removed' || unseen();
        blind = false;
        return isSo(mark, marks, reactions);
      } catch (error) {
        if (error instanceof PlaceRefused) return false;
        throw new NotTaken('Slack does not tell which marks stand');
      }
    },
  };
}

function isSo(mark: Mark, marks: Marks, { approve, deny }: ReactionNames): boolean {
  const names = marks.filter(({ users }) => users.includes(mark.user)).map(({ name }) => plain(name));
  const alike = (approve.includes(plain(mark.reaction)) ? approve : deny).some((name) => names.includes(name));
  const any = alike || [...approve, ...deny].some((name) => names.includes(name));
  return mark.type === 'reaction_added' ? alike : !any;
}

async function marksOn(web: Web, { channel, ts }: Mark['item']): Promise<Marks | null> {
  try {
    const { message } = await web.ask('reactions.get', { channel, timestamp: ts, full: true });
    if (message !== undefined) return Marked.parse(message).reactions ?? [];
  } catch (error) {
    if (!isUnknown(error)) throw error;
  }
  return marksShown(web, channel, ts);
}

/** Who stands in for Slack may know less than it: then the message itself tells, if it shows any reactions at all. */
async function marksShown(web: Web, channel = '', ts = ''): Promise<Marks | null> {
  const range = { channel, latest: ts, oldest: ts, inclusive: true, limit: 200 };
  for (const [method, args] of [
    ['conversations.replies', { ...range, ts }],
    ['conversations.history', range],
  ] as const) {
    const { messages = [] } = await web.ask(method, args).catch(noneWhereUnknown);
    const found = z
      .array(Marked)
      .parse(messages)
      .find((message) => message.ts === ts);
    if (found?.reactions) return found.reactions;
  }
  return null;
}

function noneWhereUnknown(error: unknown): { readonly messages?: unknown } {
  if (isUnknown(error)) return {};
  throw error;
}

function isUnknown(error: unknown): boolean {
  return error instanceof SlackTrouble && /^(unknown_method|thread_not_found)$/.test(error.problem);
}
