import type { Version } from './cloud.ts';

/** What one service of one cloud speaks; null where it knows no microversions. */
export interface VersionRange {
  readonly min: Version;
  readonly max: Version;
}

export function version(text: string): Version {
  const [, major, minor] = /^v?(\d+)\.(\d+)$/.exec(text) ?? [];
  if (major === undefined || minor === undefined) throw new RangeError(`"${text}" is not a microversion`);
  return { major: Number(major), minor: Number(minor) };
}

export function words(of: Version): string {
  return `${of.major}.${of.minor}`;
}

/** Negative where `a` is older than `b`. 2.100 is newer than 2.96. */
export function compare(a: Version, b: Version): number {
  return a.major - b.major || a.minor - b.minor;
}

export function atLeast(chosen: Version, wanted: string): boolean {
  return compare(chosen, version(wanted)) >= 0;
}

/** The highest this client knows for a call that the cloud speaks; null where the two have nothing in common. */
export function choose(known: string, range: VersionRange): Version | null {
  const highest = version(known);
  const chosen = compare(highest, range.max) < 0 ? highest : range.max;
  return compare(chosen, range.min) < 0 ? null : chosen;
}

/** Both headers: the newer one is understood by Nova from 2.27 only. 2.0 stands for a cloud without microversions. */
export function versionHeaders(service: string, chosen: Version | null): Record<string, string> {
  if (chosen === null || (chosen.major === 2 && chosen.minor === 0)) return {};
  const said = words(chosen);
  const headers = { 'openstack-api-version': `${service} ${said}` };
  return service === 'compute' ? { ...headers, 'x-openstack-nova-api-version': said } : headers;
}
