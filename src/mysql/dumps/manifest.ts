import { DumpFacts } from '../../openstack/dump-facts.ts';
import { type Store, textOf } from '../../stores/store.ts';

/** A dump and its manifest are stored side by side. */
export function filesOf(name: string): string[] {
  return [name, manifestFile(name)];
}

export function manifestFile(name: string): string {
  return `${name}.json`;
}

/** Null where there is none, or one that cannot be read. */
export async function manifestIn(store: Store, name: string, signal: AbortSignal): Promise<DumpFacts | null> {
  const text = await textOf(store, manifestFile(name), signal);
  try {
    return DumpFacts.safeParse(JSON.parse(text ?? 'null')).data ?? null;
  } catch {
    return null;
  }
}
