/** What Slack takes at most; less where its own count is not documented. */
export const limits = {
  blocks: 50,
  /** Of a section; the fence of code and the ends of a bold title need some of the 3,000. */
  section: 2900,
  fields: 10,
  field: 2000,
  /** Of all texts of a message's blocks together: from some 12,000 on Slack refuses. */
  message: 9500,
  buttonText: 75,
  buttonValue: 2000,
  buttons: 25,
  context: 1900,
  /** The text beside the blocks: notifications, and clients that show none. */
  fallback: 1000,
  confirm: 300,
  /** Where there are no blocks: beyond 4,000 Slack makes several messages of it, and takes no edit. */
  words: 3500,
} as const;

/** A block as Slack's API has it. */
export interface SlackBlock {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** Characters of all texts in it. */
export function weightOf(block: unknown): number {
  if (typeof block !== 'object' || block === null) return 0;
  return Object.entries(block).reduce(
    (sum, [key, value]) => sum + (key === 'text' && typeof value === 'string' ? value.length : weightOf(value)),
    0,
  );
}
