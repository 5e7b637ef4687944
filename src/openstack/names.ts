import { z } from 'zod';

/** The few strings that get swapped by mistake, each with a brand of its own. */
export const ServerId = z.uuid().brand<'ServerId'>();
export type ServerId = z.output<typeof ServerId>;

/** nova's `service.host` (CONF.host), not the hypervisor's hostname. */
export const HostName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$/, 'a host name has letters, digits, dots, dashes and underscores')
  .brand<'HostName'>();
export type HostName = z.output<typeof HostName>;

export const ProjectId = z.string().min(1).brand<'ProjectId'>();
export type ProjectId = z.output<typeof ProjectId>;
