import type { NovaContext } from './context.ts';

/** The link to the page after this id, with the same query. */
export function nextLink({ base, request }: NovaContext, marker: string | number): unknown[] {
  const query = new URLSearchParams(request.query);
  query.delete('marker');
  query.append('marker', String(marker));
  const path = request.path.replace(/^\/v2(\.1)?(?=\/)/, '');
  return [{ rel: 'next', href: `${base}/v2.1${path}?${query}` }];
}
