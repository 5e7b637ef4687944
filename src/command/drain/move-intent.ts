import { z } from 'zod';
import { HostName, ServerId } from '../../openstack/names.ts';

/** What was approved for one server. `how` is the harshest act allowed: a `cold` one that runs again may go live. */
export const MoveInput = z.object({
  server: ServerId,
  from: HostName,
  how: z.enum(['live', 'cold']),
  block: z.union([z.literal('auto'), z.boolean()]),
  /** A running guest may be shut down for it: its owner prefers that to a live move. */
  interrupts: z.literal(true).exactOptional(),
  /** Begun only while this is open: `22:00-04:00 Europe/Zurich`. */
  window: z.string().exactOptional(),
  /** The host a person named; else Nova chooses. */
  to: HostName.exactOptional(),
});
export type MoveInput = z.output<typeof MoveInput>;

const Try = z.object({ at: z.coerce.date(), tries: z.number(), refused: z.string().nullable() });

/** So many guests a host was seen to send at once, and when; it may take more. */
const Lanes = z.object({ host: HostName, most: z.number(), at: z.coerce.date() });
export type Lanes = z.output<typeof Lanes>;

/**
 * The checkpoint of a move: what was asked and what was seen before it was asked. Written before the request leaves,
 * so whoever resumes knows that it may have left, and tells its migration from older ones by `seen`.
 */
export const MoveIntent = z.object({
  how: z.enum(['live', 'cold']),
  seen: z.object({
    migration: z.number().nullable(),
    action: z.string().nullable(),
    status: z.string(),
  }),
  asked: Try,
  /** The id Nova gave our request; null while it is not known whether it arrived. */
  request: z.string().nullable(),
  /** Our migration, once Nova shows it. Only this one is ever confirmed or aborted. */
  migration: z.number().nullable(),
  /** When the copy was first seen to run: a server's deadline counts from here, not from its place in the queue. */
  runningSince: z.coerce.date().nullable(),
  confirm: Try.nullable(),
  abort: Try.extend({ why: z.string() }).nullable(),
  /** A person told to finish the copy with the guest paused. */
  force: Try.nullable().default(null),
  /** Where it was sent and did not arrive: it is sent once more, elsewhere. */
  avoid: HostName.nullable().default(null),
  /** What was known of its host's lanes when this was written: the newest of all those that go on counts. */
  lanes: Lanes.nullable().default(null),
});
export type MoveIntent = z.output<typeof MoveIntent>;
