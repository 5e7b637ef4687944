import type { Answer } from '../http.ts';
import { beyondBmp, fields, isFields, repr } from '../json.ts';
import { projectOf } from '../keystone/identity.ts';
import type { Server } from '../world.ts';
import { invalid, onlyKeys, shortText } from './checks.ts';
import { admin, type NovaContext, recordAction, refused } from './context.ts';
import { dbError } from './db-error.ts';
import { touch } from './guards.ts';

export function lock(context: NovaContext, server: Server, value: unknown): Answer {
  const { world, token } = context;
  const reason = context.minor >= 73 ? reasonIn(value) : undefined;
  if (reason !== undefined && beyondBmp(reason)) throw dbError();
  const owner = projectOf(token) === server.project;
  // an owner's lock over an admin's is accepted and changes nothing
  if (owner && server.lockedBy !== null) return { status: 202 };
  recordAction(context, server, 'lock');
  server.lockedBy = owner ? 'owner' : 'admin';
  if (reason !== undefined) server.lockedReason = reason;
  touch(world, server);
  return { status: 202 };
}

function reasonIn(value: unknown): string | undefined {
  if (value === null) return undefined;
  if (!isFields(value)) throw invalid('lock', value, `${repr(value)} is not of type 'object', 'null'`);
  onlyKeys('lock', value, ['locked_reason']);
  return shortText('locked_reason', fields(value)['locked_reason']);
}

export function unlock(context: NovaContext, server: Server): Answer {
  const { world } = context;
  if (server.lockedBy === 'admin' && !admin(context)) throw refused('os-lock-server:unlock:unlock_override');
  recordAction(context, server, 'unlock');
  server.lockedBy = null;
  server.lockedReason = null;
  touch(world, server);
  return { status: 202 };
}
