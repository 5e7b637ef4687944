import { z } from 'zod';
import type { FailPhase } from './world.ts';

/** What may be asked of the control, over HTTP too. */
const PHASES = ['precheck', 'pre', 'run', 'crash', 'hang', 'cold', 'abort'] as const satisfies readonly FailPhase[];
/** So often; for ever where it is left out. A phase that is looked at again and again is one each time. */
const Times = z.number().min(1).default(Number.POSITIVE_INFINITY);
export const MigrationOrder = z.strictObject({
  seconds: z.number().min(0).optional(),
  fail: z.array(z.strictObject({ phase: z.enum(PHASES), glob: z.string(), times: Times })).optional(),
  clear: z.boolean().optional(),
});
export const HostOrder = z.strictObject({ host: z.string().regex(/^[A-Za-z0-9.-]+$/) });
export const CellOrder = z.strictObject({ cell: z.int().min(1) });
export const AwayOrder = z.strictObject({ seconds: z.number().min(0) });
export const TokensOrder = z.strictObject({ rows: z.int().min(1) });
export const ServerOrder = z.strictObject({
  name: z.string().min(1),
  project: z.string().default('alpha'),
  flavor: z.string().default('lab.small'),
  host: z.string().default('cmp1'),
  metadata: z.record(z.string(), z.string()).default({}),
  zone: z.string().optional(),
  group: z.string().optional(),
  bootsFromVolume: z.boolean().default(false),
  shares: z.int().min(0).default(0),
});
export const FlavorOrder = z.strictObject({
  name: z.string().min(1),
  vcpus: z.int().min(1).default(1),
  ram: z.int().min(1).default(512),
  disk: z.int().min(0).default(1),
  extraSpecs: z.record(z.string(), z.string()).default({}),
});
export const AgentOrder = z.strictObject({
  host: z.string(),
  binary: z.string(),
  type: z.string(),
  alive: z.boolean(),
  /** Reports no more; Neutron calls it alive for a while. */
  silent: z.boolean().default(false),
});
export const WireOrder = z.strictObject({
  method: z.string().optional(),
  path: z.string(),
  status: z.int().optional(),
  delay: z.int().optional(),
  drop: z.enum(['before', 'after']).optional(),
  times: z.int().default(1),
});

export type MigrationWish = z.input<typeof MigrationOrder>;
export type ServerWish = z.input<typeof ServerOrder>;
export type FlavorWish = z.input<typeof FlavorOrder>;
export type AgentWish = z.input<typeof AgentOrder>;
export type WireWish = z.input<typeof WireOrder>;
