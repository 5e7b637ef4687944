/** Who there is and what they may do: keystone's state. */
export interface Role {
  readonly id: string;
  readonly name: string;
}

export interface User {
  readonly id: string;
  readonly name: string;
  readonly created: Date;
  password: string;
  enabled: boolean;
}

export interface Project {
  readonly id: string;
  readonly name: string;
  description: string;
  enabled: boolean;
}

export interface Group {
  readonly id: string;
  readonly name: string;
  readonly users: Set<string>;
}

export type Target = { readonly project: string } | { readonly domain: string } | { readonly system: true };

export interface Assignment {
  readonly actor: { readonly user: string } | { readonly group: string };
  readonly target: Target;
  readonly role: string;
}

export interface AppCredential {
  readonly id: string;
  readonly number: number;
  readonly name: string;
  readonly description: string | null;
  readonly secret: string;
  readonly user: string;
  readonly project: string;
  readonly roles: readonly string[];
  readonly expires: Date | null;
  readonly unrestricted: boolean | null;
}

export interface Trust {
  readonly id: string;
  readonly trustor: string;
  readonly trustee: string;
  readonly project: string | null;
  readonly impersonation: boolean;
  readonly roles: readonly string[];
  readonly expires: Date | null;
  readonly uses: number | null;
}

export interface Token {
  readonly id: string;
  readonly methods: readonly string[];
  readonly user: User;
  readonly audit: string;
  readonly issued: Date;
  readonly expires: Date;
  readonly target: Target | null;
  readonly roles: readonly Role[];
  readonly appCredential: AppCredential | null;
  revoked: boolean;
}

export interface Identity {
  readonly roles: readonly Role[];
  readonly users: Map<string, User>;
  readonly projects: Map<string, Project>;
  readonly groups: Map<string, Group>;
  assignments: Assignment[];
  appCredentials: AppCredential[];
  trusts: Trust[];
  readonly tokens: Map<string, Token>;
  /** Tokens that nova has validated, and until when it will not ask again. */
  readonly novaCache: Map<string, number>;
  readonly catalog: readonly CatalogService[];
}

export interface CatalogService {
  readonly id: string;
  readonly type: string;
  readonly name: string;
  readonly path: string;
  readonly endpoints: Readonly<Record<'public' | 'internal' | 'admin', string>>;
}

export const DOMAIN = { id: 'default', name: 'Default' } as const;

const IMPLIED: Readonly<Record<string, readonly string[]>> = { admin: ['member', 'reader'], member: ['reader'] };

/** The roles of a user on a target: by itself, by its groups, and those they imply. */
export function rolesOn(identity: Identity, user: string, target: Target): Role[] {
  const names = new Set<string>();
  for (const given of identity.assignments) {
    if (!sameTarget(given.target, target) || !isActor(identity, given, user)) continue;
    const name = identity.roles.find(({ id }) => id === given.role)?.name ?? '';
    for (const each of [name, ...(IMPLIED[name] ?? [])]) names.add(each);
  }
  return identity.roles.filter(({ name }) => names.has(name));
}

export function impliedBy(name: string): readonly string[] {
  return IMPLIED[name] ?? [];
}

export function sameTarget(a: Target, b: Target): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function isActor(identity: Identity, given: Assignment, user: string): boolean {
  if ('user' in given.actor) return given.actor.user === user;
  return identity.groups.get(given.actor.group)?.users.has(user) ?? false;
}

export function isAdmin(token: Token): boolean {
  return token.roles.some(({ name }) => name === 'admin');
}

export function projectOf(token: Token): string | null {
  return token.target && 'project' in token.target ? token.target.project : null;
}

/** A token that still counts at keystone. */
export function isValid(identity: Identity, token: Token, now: Date): boolean {
  if (token.revoked || token.expires <= now || !token.user.enabled) return false;
  const project = projectOf(token);
  return project === null || (identity.projects.get(project)?.enabled ?? false);
}
