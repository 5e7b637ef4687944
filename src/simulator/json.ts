/** Reading what a client sent without believing any of it. */
export type Fields = Readonly<Record<string, unknown>>;

export function fields(value: unknown): Fields {
  return isFields(value) ? value : {};
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** The value as Python prints it: the services quote it so in their complaints. */
export function repr(value: unknown): string {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'string') return `'${value}'`;
  if (Array.isArray(value)) return `[${value.map(repr).join(', ')}]`;
  if (isFields(value)) {
    const pairs = Object.entries(value).map(([key, inner]) => `'${key}': ${repr(inner)}`);
    return `{${pairs.join(', ')}}`;
  }
  return String(value);
}

/** MySQL's utf8mb3 columns refuse these, and the services then answer 500. */
export function beyondBmp(value: string): boolean {
  return [...value].some((letter) => (letter.codePointAt(0) ?? 0) > 0xffff);
}

/** 2026-11-22T21:06:20.000000 */
export function stamp(date: Date | null): string | null {
  return date === null ? null : `${date.toISOString().slice(0, 19)}.000000`;
}

/** 2026-11-22T21:06:20Z */
export function seconds(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}
