import { z } from 'zod';
import { type VersionRange, version } from './microversion.ts';

const Entry = z.looseObject({
  id: z.string(),
  version: z.string().nullish(),
  max_version: z.string().nullish(),
  min_version: z.string().nullish(),
});
const Document = z.union([
  z.object({ versions: z.object({ values: z.array(Entry) }) }).transform(({ versions }) => versions.values),
  z.object({ versions: z.array(Entry) }).transform(({ versions }) => versions),
  z.object({ version: Entry }).transform(({ version: only }) => [only]),
]);

/** One version of an API, as its discovery document names it. */
export interface ApiVersion {
  /** `v2.1`. */
  readonly id: string;
  /** Null where this version knows no microversions (an empty string on the wire). */
  readonly range: VersionRange | null;
}

/** Reads the three shapes of a discovery document; empty where it is none. */
export function apiVersions(document: unknown): ApiVersion[] {
  const entries = Document.safeParse(document).data ?? [];
  return entries.map((entry) => ({
    id: entry.id,
    range: rangeOf(entry.version || entry.max_version, entry.min_version),
  }));
}

function rangeOf(max: string | null | undefined, min: string | null | undefined): VersionRange | null {
  try {
    return max && min ? { max: version(max), min: version(min) } : null;
  } catch {
    return null;
  }
}

/** An endpoint's address taken apart at its version: `http://h/compute` + `v2` + `/PROJECT`. */
export interface VersionedUrl {
  readonly root: string;
  readonly version: string | null;
  readonly rest: string;
}

export function splitVersion(url: string): VersionedUrl {
  const bare = url.replace(/\/+$/, '');
  const [, root, found, rest] = /^(.*?)\/(v\d+(?:\.\d+)?)(\/.*)?$/.exec(bare) ?? [];
  if (root === undefined || found === undefined) return { root: bare, version: null, rest: '' };
  return { root, version: found, rest: rest ?? '' };
}
