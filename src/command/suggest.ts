import { distance } from 'fastest-levenshtein';

export { distance };

/** The word that was probably meant: at most a third of its letters differ; null where nothing is near. */
export function nearest(word: string, known: Iterable<string>): string | null {
  const typed = word.toLowerCase();
  let best: { name: string; far: number } | null = null;
  for (const name of known) {
    const far = distance(typed, name.toLowerCase());
    if (far <= Math.max(1, Math.floor(name.length / 3)) && (best === null || far < best.far)) best = { name, far };
  }
  return best?.name ?? null;
}

/** `: did you mean X?`, or nothing. */
export function didYouMean(word: string, known: Iterable<string>): string {
  const name = nearest(word, known);
  return name === null ? '' : `: did you mean ${name}?`;
}
