import { z } from 'zod';
import { OpenStackError } from './errors.ts';
import { atLeast } from './microversion.ts';
import type { ServerId } from './names.ts';
import type { Session } from './session.ts';
import { read } from './wire.ts';

const known = '2.97';
const Shares = z.object({ shares: z.array(z.unknown()) });

/**
 * How many Manila shares a server has; null where Nova does not tell. Before 2.97 it attached none; before 2026.1 its default
 * policy tells only members of the server's own project.
 */
export async function countShares(session: Session, cloud: string, id: ServerId): Promise<number | null> {
  const version = await session.speaks('compute', known);
  if (!atLeast(version, known)) return 0;
  const path = `/servers/${id}/shares`;
  try {
    const { body } = await session.ask('compute', { path, version });
    return read(Shares, body, cloud, `GET compute ${path}`).shares.length;
  } catch (error) {
    if (error instanceof OpenStackError && ['forbidden', 'not-found'].includes(error.problem)) return null;
    throw error;
  }
}
