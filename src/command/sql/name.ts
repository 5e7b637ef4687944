import { z } from 'zod';

export const RunbookName = z
  .string()
  .toLowerCase()
  .regex(/^[a-z][a-z0-9-]{0,63}$/, 'a runbook is named in lower case with dashes; sql list has them');
