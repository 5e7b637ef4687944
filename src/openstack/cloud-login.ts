import type { Auth } from './cloud-entry.ts';
import type { Domain, Login, Owner, Scope } from './config.ts';

/** A login, or what is missing for one: each sentence names the key to write. */
export type LoginRead = { readonly login: Login } | { readonly problems: readonly string[] };

export function readLogin(authType: string, auth: Auth): LoginRead {
  const byCredential =
    authType === 'v3applicationcredential' ||
    (authType === 'password' && auth.password === undefined && auth.application_credential_secret !== undefined);
  if (byCredential) return applicationCredential(auth);
  if (authType === 'password' || authType === 'v3password') return password(auth);
  return { problems: [`auth_type ${authType} is not one vigie can use: password or v3applicationcredential`] };
}

function applicationCredential(auth: Auth): LoginRead {
  const {
    application_credential_id: id,
    application_credential_name: name,
    application_credential_secret: secret,
  } = auth;
  const user = ownerOf(auth.user_id, auth.username, domainOf(auth.user_domain_id, auth.user_domain_name));
  const problems = [
    ...(secret === undefined ? ['auth.application_credential_secret is missing'] : []),
    ...(id === undefined && name === undefined ? ['auth.application_credential_id is missing'] : []),
    ...(id === undefined && name !== undefined && user === null
      ? ['an application credential by name needs auth.username or auth.user_id, too']
      : []),
  ];
  if (secret === undefined || problems.length > 0) return { problems };
  return { login: { kind: 'application-credential', id: id ?? null, name: name ?? null, user, secret } };
}

function password(auth: Auth): LoginRead {
  const user = ownerOf(auth.user_id, auth.username, domainOf(auth.user_domain_id, auth.user_domain_name));
  const scope = scopeOf(auth);
  const project =
    'project' in (scope ?? {})
      ? ownerOf(auth.project_id, auth.project_name, domainOf(auth.project_domain_id, auth.project_domain_name))
      : null;
  const problems = [
    ...(user === null ? ['auth.username is missing'] : []),
    ...(user !== null && needsDomain(user) ? ['auth.user_domain_name is missing (often Default)'] : []),
    ...(auth.password === undefined ? ['auth.password is missing (secure.yaml may hold it)'] : []),
    ...(scope === null ? ['auth.project_name is missing'] : []),
    ...(project !== null && needsDomain(project) ? ['auth.project_domain_name is missing (often Default)'] : []),
  ];
  if (user === null || scope === null || auth.password === undefined || problems.length > 0) return { problems };
  return { login: { kind: 'password', user, password: auth.password, scope } };
}

function scopeOf(auth: Auth): Scope | null {
  const project = ownerOf(
    auth.project_id,
    auth.project_name,
    domainOf(auth.project_domain_id, auth.project_domain_name),
  );
  if (auth.trust_id !== undefined) return { 'OS-TRUST:trust': { id: auth.trust_id } };
  if (auth.system_scope !== undefined) return { system: { all: true } };
  if (project) return { project };
  const domain = domainOf(auth.domain_id, auth.domain_name);
  return domain && { domain };
}

function ownerOf(id: string | undefined, name: string | undefined, domain: Domain | null): Owner | null {
  if (id !== undefined) return { id };
  return name === undefined ? null : { name, domain };
}

function domainOf(id: string | undefined, name: string | undefined): Domain | null {
  if (id !== undefined) return { id };
  return name === undefined ? null : { name };
}

function needsDomain(owner: Owner): boolean {
  return 'name' in owner && owner.domain === null;
}
