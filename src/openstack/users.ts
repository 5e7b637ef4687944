import { z } from 'zod';
import { OpenStackError } from './errors.ts';
import type { Session } from './session.ts';
import { read } from './wire.ts';

const User = z.object({ user: z.looseObject({ name: z.string() }) });

/** Deleted users, and those this credential may not see, have no name here. */
export async function userName(session: Session, cloud: string, id: string): Promise<string | null> {
  const path = `/users/${encodeURIComponent(id)}`;
  try {
    const { body } = await session.ask('identity', { path });
    return read(User, body, cloud, `GET identity ${path}`).user.name;
  } catch (error) {
    if (error instanceof OpenStackError) return null;
    throw error;
  }
}
