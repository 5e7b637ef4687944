import { z } from 'zod';

/**
 * What people are told, as data: a command never knows which chat shows it. Every string is plain text;
 * a renderer escapes, wraps and colours. A report in a row stays under 256 KiB (`reportLimit`).
 */
export const StepMark = z.enum(['waiting', 'running', 'asking', 'done', 'gone', 'blocked', 'failed', 'unproven']);
export type StepMark = z.output<typeof StepMark>;

export const Block = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('text'), text: z.string() }),
  z.object({ kind: z.literal('fields'), fields: z.array(z.tuple([z.string(), z.string()])) }),
  z.object({ kind: z.literal('table'), columns: z.array(z.string()), rows: z.array(z.array(z.string())) }),
  z.object({
    kind: z.literal('steps'),
    steps: z.array(z.object({ label: z.string(), state: StepMark, note: z.string() })),
    /** How many of how many are settled, where not all are listed. */
    progress: z.tuple([z.number(), z.number()]).exactOptional(),
  }),
  z.object({
    kind: z.literal('chart'),
    label: z.string(),
    points: z.array(z.object({ at: z.string(), value: z.number() })),
  }),
  z.object({ kind: z.literal('code'), text: z.string() }),
  z.object({ kind: z.literal('file'), name: z.string(), artifact: z.string(), bytes: z.number() }),
]);
export type Block = z.output<typeof Block>;

/** A line the reader may say back; a button where there are buttons. */
export const Reply = z.object({ label: z.string(), line: z.string(), danger: z.boolean().optional() });
export type Reply = z.output<typeof Reply>;

export const Tone = z.enum(['plain', 'good', 'warn', 'bad']);
export type Tone = z.output<typeof Tone>;

export const Report = z.object({
  title: z.string(),
  tone: Tone,
  blocks: z.array(Block),
  replies: z.array(Reply).optional(),
  /** Whom to call, each with its chat: `slack:T1/S0ONCALL`, `irc:libera/bob`. A renderer rings its own, names the others. */
  calls: z.array(z.string()).optional(),
  /** Kept as a file too, however short it is: people paste it into tickets. A table of its own stands there for all the shown ones. */
  file: z
    .union([z.literal(true), z.object({ columns: z.array(z.string()), rows: z.array(z.array(z.string())) })])
    .optional(),
  /** One quiet line at the end: cloud, job, as-of. */
  footer: z.string().optional(),
});
export type Report = z.output<typeof Report>;

/** Bytes of JSON that a report may take in a row; longer texts become artifacts. */
export const reportLimit = 256 * 1024;

export function say(title: string, ...lines: string[]): Report {
  return { title, tone: 'plain', blocks: lines.map(text) };
}

export function refuse(title: string, ...lines: string[]): Report {
  return { title, tone: 'bad', blocks: lines.map(text) };
}

export function text(line: string): Block {
  return { kind: 'text', text: line };
}
