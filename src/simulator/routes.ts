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
  | 'method';

/** The route, or what was wrong: no such path, or a path that has other methods. */
export function findRoute<Context>(
  routes: readonly Route<Context>[],
  method: string,
  path: string,
  version = 1,
): Found<Context> {
  const parts = path.split('/').filter(Boolean);
  let wrong: 'path' | 'method' = 'path';
  for (const candidate of routes) {
    const params = match(candidate.parts, parts);
    if (!params) continue;
    const fits = candidate.min <= version && version <= candidate.max;
    if (candidate.method === method || (method === 'HEAD' && candidate.method === 'GET')) {
      if (fits) return { route: candidate, params };
    } else if (fits) wrong = 'method';
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
