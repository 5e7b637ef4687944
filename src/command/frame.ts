import { z } from 'zod';

/** What may be done without asking: a standing approval is given for it, and each day's plan held against it. */
export const Frame = z.object({
  /** The claims it may take; servers come and go on a host that is among them. */
  subjects: z.array(z.string()),
  /** What it may do, each with its heaviest weight. */
  acts: z.array(z.object({ verdict: z.string(), weight: z.number() })),
  steps: z.array(z.string()),
});
export type Frame = z.output<typeof Frame>;
