import { z } from 'zod';
import type { Speaker } from '../../src/chat/message.ts';
import { NotTaken, PlaceRefused } from '../../src/chat/message.ts';
import { SlackTrouble, type Web } from './web.ts';

/** Who stands behind a user id, as Slack says at this hour; null for what is no person at all. */
export interface People {
  speaker(user: string, asked?: Asked): Promise<Speaker | null>;
}

export interface Asked {
  /** What the envelope says about whose member it is. */
  readonly team?: string | undefined;
  /** Something is decided: only Slack's word of this moment counts. */
  readonly fresh?: boolean;
}

/** So long Slack's word on somebody is taken as it was. */
const keptMs = 120_000;
/** So long it is word of this moment: the two presses of a double click are one question. */
const freshMs = 3000;
const remembered = 5000;

/** What is not so may be missing, or null. */
const flag = z.boolean().nullish();

const User = z.looseObject({
  id: z.string(),
  team_id: z.string().nullish(),
  /** Of an organisation whose workspaces share their people: all of those this one is in. */
  enterprise_user: z
    .looseObject({ enterprise_id: z.string().nullish(), teams: z.array(z.string()).nullish() })
    .nullish(),
  name: z.string().nullish(),
  deleted: flag,
  is_bot: flag,
  is_restricted: flag,
  is_ultra_restricted: flag,
  is_stranger: flag,
  profile: z
    .looseObject({ display_name: z.string().nullish(), real_name: z.string().nullish(), team: z.string().nullish() })
    .nullish(),
});
type User = z.output<typeof User>;

/** Somebody, or why nobody. */
type Found = { readonly user: User } | { readonly user: null; readonly why: string };

export function openPeople(web: Web, team: string): People {
  const known = new Map<string, { readonly found: Promise<Found>; readonly at: number }>();

  async function lookUp(id: string): Promise<Found> {
    try {
      const answer = await web.ask('users.info', { user: id });
      return { user: User.parse(answer['user']) };
    } catch (error) {
      const hidden = error instanceof SlackTrouble && error.problem === 'user_not_visible';
      if (hidden || error instanceof PlaceRefused) return { user: null, why: 'Slack knows nobody by that account' };
      if (error instanceof SlackTrouble && error.problem === 'missing_scope')
        return { user: null, why: `vigie may not look up who you are: ${error.message}` };
      throw new NotTaken('Slack does not tell vigie who you are just now: say it again in a minute');
    }
  }

  function find(id: string, fresh: boolean): Promise<Found> {
    const cached = known.get(id);
    const age = performance.now() - (cached?.at ?? Number.NEGATIVE_INFINITY);
    if (cached !== undefined && age < (fresh ? freshMs : keptMs)) return cached.found;
    // Many lines of one person wait for one question.
    const found = lookUp(id);
    known.delete(id);
    known.set(id, { found, at: performance.now() });
    if (known.size > remembered) known.delete(known.keys().next().value ?? '');
    return found.catch((error: unknown) => {
      if (known.get(id)?.found === found) known.delete(id);
      throw error;
    });
  }

  return {
    async speaker(id, { team: signed, fresh = false } = {}) {
      const found = await find(id, fresh);
      if (found.user === null) return nobody(team, id, id, found.why);
      return speakerOf(found.user, { id, team, signed: signed ?? team });
    },
  };
}

const foreign = 'you are of another workspace, and only members of this one count here';

interface Said {
  readonly id: string;
  readonly team: string;
  readonly signed: string;
}

/** Fails closed: whoever is not plainly a member has no account. */
function speakerOf(user: User, { id, team, signed }: Said): Speaker | null {
  const name = user.profile?.display_name || user.profile?.real_name || user.name || id;
  if (user.is_bot === true || id === 'USLACKBOT') return null;
  if (user.deleted === true) return nobody(team, id, name, 'your account in Slack is deactivated');
  if (user.is_stranger === true || !isOf(user, team) || !isOf(user, signed)) return nobody(team, id, name, foreign);
  if (user.is_restricted === true || user.is_ultra_restricted === true)
    return nobody(
      team,
      id,
      name,
      'you are a guest in this workspace, and guests do not count here: ask for a full membership',
    );
  return { account: `slack:${team}/${id}`, name };
}

function isOf({ team_id: home, profile, enterprise_user: organisation }: User, team: string): boolean {
  const all = [home ?? profile?.team, organisation?.enterprise_id, ...(organisation?.teams ?? [])];
  return all.includes(team);
}

function nobody(team: string, id: string, name: string, why: string): Speaker {
  return { account: null, name: name || id, why, at: `slack:${team}/${id}` };
}
