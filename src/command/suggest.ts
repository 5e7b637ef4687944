import { distance } from 'fastest-levenshtein';

export { distance };

/** The word that was probably meant: two letters or a third of them differ at most; null where nothing is near. */
export function nearest(word: string, known: Iterable<string>): string | null {
  const typed = word.toLowerCase();
  const allowed = typed.length < 4 ? 1 : Math.max(2, Math.floor(typed.length / 3));
  let best: { name: string; far: number } | null = null;
  for (const name of known) {
    const far = distance(typed, name.toLowerCase());
    if (far <= allowed && (best === null || far < best.far)) best = { name, far };
  }
  return best?.name ?? null;
}

/** `: did you mean X?`, or nothing. */
export function didYouMean(word: string, known: Iterable<string>): string {
  const name = nearest(word, known);
  return name === null ? '' : `: did you mean ${name}?`;
}
