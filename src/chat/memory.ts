export interface Memory<V> {
  get(key: string): V | undefined;
  set(key: string, value: V): void;
  delete(key: string): void;
  clear(): void;
}

/** Of so many things the newest are kept. */
export function memory<V>(remembered = 2000): Memory<V> {
  const kept = new Map<string, V>();
  return {
    get: (key) => kept.get(key),
    set(key, value) {
      kept.delete(key);
      kept.set(key, value);
      if (kept.size > remembered) kept.delete(kept.keys().next().value ?? '');
    },
    delete: (key) => void kept.delete(key),
    clear: () => kept.clear(),
  };
}
