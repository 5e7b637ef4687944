/** A small table of routes: `GET /servers/:id/action`. */
export interface Route<Context> {
  readonly method: string;
  readonly parts: readonly string[];
  readonly min: number;
  readonly max: number;
  readonly run: (context: Context) => unknown;
}

export interface Between {
  readonly min?: number;
  readonly max?: number;
}

export function route<Context>(
  line: string,
  run: (context: Context) => unknown,
  between: Between = {},
): Route<Context> {
  const [method = '', path = ''] = line.split(' ');
  return {
    method,
    parts: path.split('/').filter(Boolean),
    min: between.min ?? 1,
    max: between.max ?? Number.POSITIVE_INFINITY,
    run,
  };
}

export type Found<Context> =
  | { readonly route: Route<Context>; readonly params: Readonly<Record<string, string>> }
  | 'path'
  | 'method'
  | 'version';

/** The route, or what was wrong: no such path, a path with other methods, or one of another microversion. */
export function findRoute<Context>(
  routes: readonly Route<Context>[],
  method: string,
  path: string,
  version = 1,
): Found<Context> {
  const parts = path.split('/').filter(Boolean);
  let wrong: 'path' | 'method' | 'version' = 'path';
  for (const candidate of routes) {
    const params = match(candidate.parts, parts);
    if (!params) continue;
    const same = candidate.method === method || (method === 'HEAD' && candidate.method === 'GET');
    if (same && candidate.min <= version && version <= candidate.max) return { route: candidate, params };
    if (wrong !== 'version') wrong = same ? 'version' : 'method';
  }
  return wrong;
}

function match(pattern: readonly string[], parts: readonly string[]): Record<string, string> | undefined {
  if (pattern.length !== parts.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, expected] of pattern.entries()) {
    const part = parts[index] ?? '';
    if (expected.startsWith(':')) params[expected.slice(1)] = part;
    else if (expected !== part) return undefined;
  }
  return params;
}
