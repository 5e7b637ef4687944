/** Names and numbers that look random and are the same for the same seed. */
export interface Chance {
  below(limit: number): number;
  hex(length: number): string;
  uuid(): string;
  letters(length: number): string;
}

export function chanceFrom(seed: number): Chance {
  let state = seed >>> 0;

  // mulberry32: small, quick and good enough for names
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  function hex(length: number): string {
    let text = '';
    while (text.length < length) text += next().toString(16).padStart(8, '0');
    return text.slice(0, length);
  }

  function pick(alphabet: string, length: number): string {
    let text = '';
    while (text.length < length) text += alphabet.charAt(next() % alphabet.length);
    return text;
  }

  return {
    below: (limit) => next() % limit,
    hex,
    letters: (length) => pick('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789', length),
    uuid() {
      const h = hex(32);
      return `${h.slice(0, 8)}-${h.slice(8, 12)}-4${h.slice(13, 16)}-a${h.slice(17, 20)}-${h.slice(20)}`;
    },
  };
}
