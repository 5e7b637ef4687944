import { OpenStackError } from './errors.ts';
import type { Ask, Service, Session } from './session.ts';
import type { Links } from './wire.ts';

/** Nova's own default limit: asking for more is cut to it in silence. */
const pageSize = 1000;

export interface Page<T> {
  readonly items: readonly T[];
  readonly links: Links;
}

export interface Walk<T> {
  readonly ask: Ask;
  readonly service: Service;
  page(body: unknown): Page<T>;
}

/**
 * A list, a page at a time, sorted by uuid. When the server that was to be the marker has vanished in between (400), the walk
 * starts again and passes over what it has already given: nothing twice, nothing lost, no memory of what was seen.
 */
export async function* walk<T extends { readonly id: string }>(
  session: Session,
  { ask, service, page }: Walk<T>,
): AsyncGenerator<T> {
  let marker: string | undefined;
  let last = '';
  for (;;) {
    const query = { ...ask.query, limit: pageSize, sort_key: 'uuid', sort_dir: 'asc', marker };
    const answer = await session.ask(service, { ...ask, query }).catch((error: unknown) => {
      if (marker !== undefined && isVanishedMarker(error)) return null;
      throw error;
    });
    if (answer === null) {
      marker = undefined;
      continue;
    }
    const { items, links } = page(answer.body);
    for (const item of items) {
      if (item.id <= last) continue;
      last = item.id;
      yield item;
    }
    marker = nextMarker(links);
    if (marker === undefined) return;
  }
}

/** Only the marker is taken from the link: its scheme and host are often those behind a proxy. */
export function nextMarker(links: Links): string | undefined {
  const next = links?.find((link) => link.rel === 'next');
  if (!next) return undefined;
  return new URL(next.href, 'http://localhost').searchParams.get('marker') ?? undefined;
}

function isVanishedMarker(error: unknown): boolean {
  // Nova has one code, 400, for this and for any other mistake: its text is all there is to tell them apart.
  return (
    error instanceof OpenStackError &&
    error.problem === 'bad-request' &&
    /marker .*not found/i.test(error.facts.said ?? '')
  );
}
