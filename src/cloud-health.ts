import type { CloudAbout } from './openstack/cloud.ts';

/** What is said of a cloud where workers are listed: what it is, and what is wrong. */
export interface Health {
  readonly about: string | null;
  readonly problem: string | null;
}

export interface HealthKeeper {
  /** What is known now; asks in the background where that is a minute old. */
  now(): Health;
  /** What was known is about another configuration. */
  forget(): void;
}

const minuteMs = 60_000;
/** A cloud that has not answered for so long is said to be silent before the request gives up. */
const silentMs = 15_000;
/** A message stands in one cell of a table. */
const longest = 200;

/**
 * Asks a cloud at most once a minute, one question at a time. A credential known to be bad is not tried: the cloud's own
 * gate answers before anything is sent.
 */
export function keepHealth(
  ask: () => Promise<CloudAbout>,
  clock: () => number = () => performance.now(),
): HealthKeeper {
  let known: Health = { about: null, problem: null };
  let askedAt = Number.NEGATIVE_INFINITY;
  let asking: symbol | null = null;

  function look(): void {
    const mine = Symbol('question');
    asking = mine;
    askedAt = clock();
    const learn = (health: Health) => {
      if (asking !== mine) return;
      known = health;
      asking = null;
    };
    ask().then(
      (about) => learn({ about: wordsOf(about), problem: null }),
      (error: unknown) => learn({ about: known.about, problem: problemOf(error) }),
    );
  }

  return {
    now() {
      const since = clock() - askedAt;
      if (asking === null && since >= minuteMs) look();
      if (asking !== null && clock() - askedAt > silentMs)
        return { about: known.about, problem: `no answer for ${Math.round((clock() - askedAt) / 1000)} s` };
      return known;
    },
    forget() {
      asking = null;
      askedAt = Number.NEGATIVE_INFINITY;
      known = { about: null, problem: null };
    },
  };
}

function wordsOf({ computeVersion: { major, minor }, admin, project }: CloudAbout): string {
  const scope = project === null ? ', its token has no project' : '';
  return `nova ${major}.${minor}${admin ? '' : ', not as admin'}${scope}`;
}

function problemOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.length > longest ? `${message.slice(0, longest - 1)}…` : message;
}
