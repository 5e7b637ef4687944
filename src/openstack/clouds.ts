import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../chat/user-error.ts';
import { completeAuth, Entry, isRaw, layer, type Raw, underscored } from './cloud-entry.ts';
import { type CloudsFile, type CloudsPlaces, type FileProblem, findFile, searchPath } from './cloud-files.ts';
import { readLogin } from './cloud-login.ts';
import type { CloudConfig, Login } from './config.ts';
import { archiveOf, backupOf, dsnsOf, hooksOf, settingsOf } from './own-keys.ts';

/** `only`: the clouds this process serves; what is wrong with others is not its business. */
export interface CloudsRequest extends CloudsPlaces {
  readonly only: readonly string[] | null;
}

interface Sources {
  readonly clouds: CloudsFile;
  readonly secure: CloudsFile | null;
  readonly profiles: Raw;
}

/** Reads clouds.yaml and secure.yaml as openstacksdk does, and says everything that is wrong at once. */
export function readClouds(request: CloudsRequest): Map<string, CloudConfig> {
  const files = {
    clouds: findFile('clouds', request.cloudsFile, request),
    secure: findFile('secure', request.secureFile, request),
    profiles: findFile('clouds-public', null, request),
  };
  const problems = Object.values(files).flatMap((found) => found.problems);
  const clouds = files.clouds.file;
  if (problems.length > 0) throw problemsError(problems);
  if (!clouds)
    throw new UserError(`there is no clouds.yaml in ${searchPath(request).join(', ')}; set CLOUDS_FILE or write one`);

  const sources = {
    clouds,
    secure: files.secure.file,
    profiles: section(files.profiles.file?.content, 'public-clouds'),
  };
  const entries = section(layer(rawOf(clouds.content), rawOf(files.secure.file?.content)), 'clouds');
  const names = Object.keys(entries).filter((name) => request.only === null || request.only.includes(name));
  const absent = (request.only ?? []).filter((name) => !(name in entries));
  const read = names.map((name) => readEntry(name, rawOf(entries[name]), sources));
  const wrong = [
    ...read.flatMap((one) => ('problems' in one ? one.problems : [])),
    ...absent.map((name) => absentProblem(name, clouds, Object.keys(entries))),
  ];
  if (wrong.length > 0) throw problemsError(wrong);
  return new Map(read.flatMap((one) => ('config' in one ? [[one.config.name, one.config]] : [])));
}

type EntryRead = { readonly config: CloudConfig } | { readonly problems: readonly FileProblem[] };

function readEntry(name: string, written: Raw, sources: Sources): EntryRead {
  const problem = (path: readonly string[], said: string) => problemAt(name, path, said, sources);
  const own = underscored(written);
  const profile = own['profile'] ?? own['cloud'];
  const base = profile === undefined ? {} : sources.profiles[String(profile)];
  if (!isRaw(base))
    return { problems: [problem(['profile'], `profile ${String(profile)} is not in clouds-public.yaml`)] };

  const region = chooseRegion(layer(underscored(base), own));
  if ('said' in region) return { problems: [problem(['region_name'], region.said)] };
  const parsed = Entry.safeParse(completeAuth(region.entry));
  if (!parsed.success)
    return { problems: parsed.error.issues.map((issue) => problem(issue.path.map(String), explained(issue))) };
  const entry = parsed.data;
  const read = readLogin(entry.auth_type, entry.auth);
  const tls = readTls(entry);
  const problems = [
    ...('problems' in read ? read.problems.map((said) => problem(['auth'], said)) : []),
    ...tls.problems.map(([key, said]) => problem([key], said)),
  ];
  if ('problems' in read || problems.length > 0) return { problems };
  return { config: toConfig(name, entry, { login: read.login, tls: tls.files, sources }) };
}

/** Where an entry lists regions, the chosen one must be among them and may bring values; without a choice the first counts. */
function chooseRegion(entry: Raw): { readonly entry: Raw } | { readonly said: string } {
  const listed = Array.isArray(entry['regions']) ? entry['regions'] : [];
  const regions = listed.map((one: unknown) =>
    isRaw(one)
      ? { name: String(one['name']), values: underscored(rawOf(one['values'])) }
      : { name: String(one), values: {} },
  );
  const wanted = entry['region_name'];
  const chosen =
    wanted === undefined || wanted === null ? regions[0] : regions.find(({ name }) => name === String(wanted));
  if (chosen) return { entry: layer(entry, chosen.values, { region_name: chosen.name }) };
  if (regions.length === 0) return { entry };
  return {
    said: `region_name ${String(wanted)} is none of its regions: ${regions.map(({ name }) => name).join(', ')}`,
  };
}

interface TlsRead {
  readonly files: CloudConfig['tls'];
  readonly problems: readonly (readonly [key: string, said: string])[];
}

/** `verify: false` beats a `cacert`. */
function readTls({ verify, insecure, cacert, cert, key }: Entry): TlsRead {
  const checked = verify ?? !(insecure ?? false);
  const problems: [string, string][] = [];
  const pem = (name: string, path: string | undefined) => {
    if (path === undefined) return null;
    try {
      return readFileSync(path.startsWith('~/') ? join(homedir(), path.slice(2)) : path, 'utf8');
    } catch {
      problems.push([name, `${name} ${path} cannot be read`]);
      return null;
    }
  };
  return {
    files: {
      verify: checked,
      ca: checked ? pem('cacert', cacert) : null,
      cert: pem('cert', cert),
      key: pem('key', key),
    },
    problems,
  };
}

interface Resolved {
  readonly login: Login;
  readonly tls: CloudConfig['tls'];
  readonly sources: Sources;
}

function toConfig(name: string, entry: Entry, { login, tls, sources }: Resolved): CloudConfig {
  const hooks = hooksOf(entry);
  const modified = [sources.clouds.modified, sources.secure?.modified ?? 0];
  return {
    name,
    authUrl: entry.auth.auth_url,
    login,
    region: entry.region_name ?? null,
    interfaces: entry.interface.map((one) => one.replace(/URL$/, '')),
    serviceInterfaces: perService(entry, '_interface'),
    endpointOverrides: perService(entry, '_endpoint_override'),
    tls,
    timeoutMs: entry.api_timeout === undefined ? null : entry.api_timeout * 1000,
    fingerprint: createHash('sha256')
      .update(JSON.stringify([entry.auth_type, entry.auth, modified]))
      .digest('hex'),
    settings: settingsOf(entry, hooks),
    hooks,
    lists: entry.vigie.lists ?? null,
    dsns: dsnsOf(entry),
    archive: archiveOf(entry),
    backup: backupOf(entry),
  };
}

/** `compute_endpoint_override` becomes `compute`. */
function perService(entry: Entry, ending: string): Record<string, string> {
  const own = Object.entries(entry).filter(
    (pair): pair is [string, string] => pair[0].endsWith(ending) && typeof pair[1] === 'string',
  );
  return Object.fromEntries(own.map(([key, value]) => [key.slice(0, -ending.length).replaceAll('_', '-'), value]));
}

function explained({ path, message, code }: { path: readonly PropertyKey[]; message: string; code: string }): string {
  const key = path.map(String).join('.');
  if (code === 'unrecognized_keys') return `${key}: ${message}`;
  return `${key} ${/^(is|needs) /.test(message) ? message : `is wrong: ${message}`}`;
}

function problemAt(name: string, path: readonly string[], said: string, { clouds, secure }: Sources): FileProblem {
  const where = ['clouds', name, ...path];
  const inSecure = secure?.lineOf(where) ?? null;
  const exact =
    inSecure !== null && inSecure !== secure?.lineOf(['clouds', name]) && secure
      ? { path: secure.path, line: inSecure }
      : null;
  return { ...(exact ?? { path: clouds.path, line: clouds.lineOf(where) }), said: `cloud ${name}: ${said}` };
}

function absentProblem(name: string, clouds: CloudsFile, known: readonly string[]): FileProblem {
  return { path: clouds.path, line: null, said: `there is no cloud ${name}; it has ${known.join(', ') || 'none'}` };
}

function problemsError(problems: readonly FileProblem[]): UserError {
  return new UserError(
    problems.map(({ path, line, said }) => `${path}${line === null ? '' : `:${line}`}: ${said}`).join('\n'),
  );
}

function section(content: unknown, key: string): Raw {
  return rawOf(rawOf(content)[key]);
}

function rawOf(value: unknown): Raw {
  return isRaw(value) ? value : {};
}
