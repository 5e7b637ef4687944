/** Where the bell is, as REDIS_URL says it. */
export type RedisAddress =
  | { readonly kind: 'socket'; readonly path: string }
  | { readonly kind: 'server'; readonly url: string }
  | ({ readonly kind: 'sentinel'; readonly master: string } & Nodes)
  | ({ readonly kind: 'cluster' } & Nodes);

interface Nodes {
  readonly nodes: readonly { readonly host: string; readonly port: number }[];
  readonly username: string | null;
  readonly password: string | null;
  readonly tls: boolean;
}

export const redisUrlHelp =
  'write redis://host:6379, rediss://host:6379, unix:///path, redis+sentinel://host:26379,host:26379/master or redis+cluster://host:6379,host:6379';

/** Null where the text is none of those. */
export function parseRedisUrl(text: string): RedisAddress | null {
  const many = /^(rediss?)\+(sentinel|cluster):\/\/(?:([^@/]*)@)?([^@/?#]+)(?:\/([^/?#]*))?$/.exec(text);
  if (many !== null) return ofMany(many);
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol === 'unix:') return url.pathname.length > 1 ? { kind: 'socket', path: url.pathname } : null;
  const isServer = (url?.protocol === 'redis:' || url?.protocol === 'rediss:') && url.hostname !== '';
  return isServer ? { kind: 'server', url: text } : null;
}

function ofMany([, scheme, kind, login, hosts, master]: readonly (string | undefined)[]): RedisAddress | null {
  const usual = kind === 'sentinel' ? 26379 : 6379;
  const nodes = (hosts ?? '').split(',').map((host) => nodeOf(host, usual));
  const known = nodes.filter((node) => node !== null);
  if (known.length !== nodes.length) return null;
  const [username, password] = credentials(login ?? '');
  const common = { nodes: known, username, password, tls: scheme === 'rediss' };
  if (kind === 'cluster') return master ? null : { kind, ...common };
  return master ? { kind: 'sentinel', master: decoded(master), ...common } : null;
}

function nodeOf(host: string, usual: number): Nodes['nodes'][number] | null {
  const url = URL.canParse(`redis://${host}`) ? new URL(`redis://${host}`) : null;
  if (url === null || url.hostname === '') return null;
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port: url.port === '' ? usual : Number(url.port) };
}

/** `user:password`, `:password` or nothing, percent-encoded as in any URL. */
function credentials(login: string): [username: string | null, password: string | null] {
  const [username = '', password = ''] = login.split(/:(.*)/s).map(decoded);
  return [username || null, password || null];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
