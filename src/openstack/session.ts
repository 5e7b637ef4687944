import { endpointOf, regionsOf } from './catalog.ts';
import type { RequestLimits, Version } from './cloud.ts';
import type { CloudConfig } from './config.ts';
import { type ApiVersion, apiVersions, splitVersion } from './discovery.ts';
import { OpenStackError } from './errors.ts';
import type { Answer, Call, Http } from './http.ts';
import type { Keystone, Token } from './keystone.ts';
import { choose, type VersionRange, versionHeaders, words } from './microversion.ts';

/** A service as it was found: where requests go and which versions it speaks. */
export interface Found {
  readonly base: string;
  /** Null: no microversions. */
  readonly range: VersionRange | null;
}

export type Service = 'compute' | 'placement' | 'network' | 'volume' | 'identity';

export interface Ask {
  readonly method?: Call['method'];
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: unknown;
  readonly limits?: RequestLimits;
  /** The microversion to send, from `speaks`. */
  readonly version?: Version;
}

/** Requests with a token, to the right endpoint, in a version both sides know. */
export interface Session {
  token(): Promise<Token>;
  ask(service: Service, ask: Ask): Promise<Answer>;
  /** The highest version the client knows for a call and the cloud speaks, or an `unsupported` error. */
  speaks(service: Service, known: string): Promise<Version>;
  /** Null where the cloud has no such service. */
  find(service: Service): Promise<Found | null>;
}

export interface SessionParts {
  readonly config: CloudConfig;
  readonly http: Http;
  readonly keystone: Keystone;
}

export function openSession(parts: SessionParts): Session {
  const { config, http, keystone } = parts;
  // Looked at again with every new token: a cloud may be upgraded under a worker that runs for months.
  const found = new WeakMap<Token, Map<Service, Promise<Found | null>>>();

  async function find(service: Service): Promise<Found | null> {
    const token = await keystone.token();
    const known = found.get(token) ?? new Map<Service, Promise<Found | null>>();
    found.set(token, known);
    const looking = known.get(service) ?? look(service, token, parts);
    known.set(service, looking);
    looking.catch(() => known.delete(service));
    return looking;
  }

  async function ask(service: Service, wanted: Ask): Promise<Answer> {
    const place = await find(service);
    if (!place) throw missing(service, config, await keystone.token());
    const token = await keystone.token();
    const call = {
      ...callOf(service, place.base, wanted),
      headers: { ...versionHeaders(service, wanted.version ?? null) },
    };
    const withToken = ({ id }: Token) => http.send({ ...call, headers: { ...call.headers, 'x-auth-token': id } });
    try {
      return await withToken(token);
    } catch (error) {
      if (!isUnauthorized(error)) throw error;
    }
    // A request refused for its token has done nothing, so even a change may be sent again, within its limits.
    keystone.drop(token);
    const again = await keystone.token();
    return withToken(again).catch((error: unknown) => {
      throw isUnauthorized(error) ? hinted(error) : error;
    });
  }

  return { token: keystone.token, find, ask, speaks: (service, known) => speaks(service, known, find, config.name) };
}

async function speaks(
  service: Service,
  known: string,
  find: (service: Service) => Promise<Found | null>,
  cloud: string,
): Promise<Version> {
  const range = (await find(service))?.range ?? null;
  if (range === null) return { major: 2, minor: 0 };
  const chosen = choose(known, range);
  if (chosen) return chosen;
  const said = `vigie knows versions up to ${known} of this call, the cloud starts at ${words(range.min)}`;
  throw new OpenStackError({ problem: 'unsupported', cloud, request: `${service} API`, said });
}

async function look(service: Service, token: Token, { config, http, keystone }: SessionParts): Promise<Found | null> {
  if (service === 'identity') return { base: keystone.url, range: null };
  const url = endpointOf(service, token.catalog, config);
  if (url === null) return null;
  const documentAt = async (address: string) => {
    const answer = await http.send({
      method: 'GET',
      service,
      url: new URL(`${address}/`),
      path: '/',
      headers: { 'x-auth-token': token.id },
    });
    return apiVersions(answer.body);
  };
  if (service === 'network') return { base: neutronBase(url), range: null };
  if (service === 'volume') return { base: url.replace(/\/$/, ''), range: null };
  return service === 'compute' ? lookAtCompute(url, documentAt) : lookAtPlacement(url, documentAt);
}

/**
 * A catalog that says `/v2/` leads to a Nova that drops every microversion header in silence: where its list of
 * versions has v2.1, that is used. Only paths are taken from the cloud, never the scheme and host it believes it has.
 */
async function lookAtCompute(url: string, documentAt: (address: string) => Promise<ApiVersion[]>): Promise<Found> {
  const { root, version, rest } = splitVersion(url);
  const versions = await unlessRefused(documentAt(version === 'v2.1' ? `${root}/v2.1` : root));
  const newest = versions.find(({ id }) => id === 'v2.1');
  if (newest) return { base: `${root}/v2.1${rest}`, range: newest.range };
  if (version === 'v2.1')
    return { base: `${root}/v2.1${rest}`, range: { min: { major: 2, minor: 1 }, max: { major: 2, minor: 1 } } };
  const behind =
    version === null ? [] : (await unlessRefused(documentAt(`${root}/v2.1`))).filter(({ id }) => id === 'v2.1');
  const [only] = behind;
  return only
    ? { base: `${root}/v2.1${rest}`, range: only.range }
    : { base: `${root}/${version ?? 'v2'}${rest}`, range: null };
}

async function lookAtPlacement(url: string, documentAt: (address: string) => Promise<ApiVersion[]>): Promise<Found> {
  const base = url.replace(/\/+$/, '');
  const [only] = await documentAt(base);
  return { base, range: only?.range ?? { min: { major: 1, minor: 0 }, max: { major: 1, minor: 0 } } };
}

function neutronBase(url: string): string {
  const { root, version } = splitVersion(url);
  return `${root}/${version ?? 'v2.0'}`;
}

/** A discovery document that is refused (a proxy, a policy) leaves the version in the path; a silent cloud is an error. */
async function unlessRefused(looking: Promise<ApiVersion[]>): Promise<ApiVersion[]> {
  try {
    return await looking;
  } catch (error) {
    if (error instanceof OpenStackError && error.facts.status !== undefined && error.facts.status < 500) return [];
    throw error;
  }
}

function callOf(
  service: Service,
  base: string,
  { method = 'GET', path, query, body, limits }: Ask,
): Omit<Call, 'headers'> {
  const url = new URL(`${base}${path}`);
  for (const [key, value] of Object.entries(query ?? {})) {
    if (value !== undefined) url.searchParams.append(key, String(value));
  }
  return { method, service, url, path, ...(body !== undefined && { body }), ...(limits && { limits }) };
}

function missing(service: Service, config: CloudConfig, token: Token): OpenStackError {
  const regions = regionsOf(token.catalog);
  const where = config.region === null ? '' : ` in region ${config.region}`;
  const known = regions.length > 0 ? ` (the catalog's regions: ${regions.join(', ')})` : '';
  const said = `the catalog has no ${config.interfaces.join(' or ')} endpoint for ${service}${where}${known}`;
  return new OpenStackError({ problem: 'unsupported', cloud: config.name, request: `${service} API`, said });
}

function isUnauthorized(error: unknown): error is OpenStackError {
  return error instanceof OpenStackError && error.problem === 'unauthorized';
}

/** Keystone gave a new token and the service refuses that, too: the login is right, so something else is not. */
function hinted(error: OpenStackError): OpenStackError {
  const said = `${error.facts.said ?? ''} (a fresh token is refused too: an application credential with access rules that do not match this path, or a service that cannot validate tokens)`;
  return new OpenStackError({ ...error.facts, said: said.trim() }, { cause: error });
}
