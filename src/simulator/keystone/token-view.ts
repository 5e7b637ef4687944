import { stamp } from '../json.ts';
import type { World } from '../world.ts';
import { DOMAIN, projectOf, type Token } from './identity.ts';

export function tokenView(world: World, token: Token, origin: string, catalog: boolean): unknown {
  const { user } = token;
  return {
    methods: token.methods,
    user: { domain: DOMAIN, id: user.id, name: user.name, password_expires_at: null },
    audit_ids: [token.audit],
    expires_at: `${stamp(token.expires)}Z`,
    issued_at: `${stamp(token.issued)}Z`,
    ...scopeView(world, token),
    ...(token.target === null ? {} : { roles: token.roles.map(({ id, name }) => ({ id, name })) }),
    ...(catalog && token.target !== null ? { catalog: catalogView(world, origin) } : {}),
    ...credentialView(token),
  };
}

export function catalogView(world: World, origin: string): unknown[] {
  const { region } = world.settings;
  return world.identity.catalog.map(({ id, type, name, path, endpoints }) => ({
    endpoints: Object.entries(endpoints).map(([kind, endpoint]) => ({
      id: endpoint,
      interface: kind,
      region_id: region,
      url: `${origin}${path}`,
      region,
    })),
    id,
    type,
    name,
  }));
}

function scopeView(world: World, token: Token): Record<string, unknown> {
  const { target } = token;
  if (target === null) return {};
  if ('system' in target) return { system: { all: true } };
  if ('domain' in target) return { domain: DOMAIN };
  const project = world.identity.projects.get(projectOf(token) ?? '');
  return { project: { domain: DOMAIN, id: project?.id, name: project?.name }, is_domain: false };
}

function credentialView({ appCredential }: Token): Record<string, unknown> {
  if (appCredential === null) return {};
  const { id, name, unrestricted } = appCredential;
  return { application_credential: { id, name, restricted: !unrestricted } };
}
