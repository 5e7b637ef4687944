import { z } from 'zod';
import { OpenStackError } from './errors.ts';
import { HostName } from './names.ts';

/** Parses what a service sent, or says which answer of which cloud could not be read. */
export function read<S extends z.ZodType>(schema: S, body: unknown, cloud: string, request: string): z.output<S> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue ? `${issue.path.join('.') || 'answer'}: ${issue.message}` : 'answer';
  throw new OpenStackError({ problem: 'unreadable', cloud, request, said: `unexpected ${where}` });
}

/** Nova writes UTC with and without Z, with and without microseconds. */
export const Moment = z
  .string()
  .nullish()
  .transform((text) => moment(text));

export function moment(text: string | null | undefined): Date | null {
  if (!text) return null;
  const at = new Date(/(?:Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`);
  return Number.isNaN(at.getTime()) ? null : at;
}

/** A host as Nova names it; null where it has none, or one that no command could take. */
export const MaybeHost = z
  .unknown()
  .optional()
  .transform((value) => maybeHost(value));

export function maybeHost(value: unknown): HostName | null {
  return HostName.safeParse(value).data ?? null;
}

export const Text = z
  .string()
  .nullish()
  .transform((text) => text ?? null);

export const Links = z.array(z.looseObject({ rel: z.string(), href: z.string() })).optional();
export type Links = z.output<typeof Links>;
