import type { Dsns } from '../../src/openstack/config.ts';
import type { ServerId } from '../../src/openstack/names.ts';

export type FailPhase = 'precheck' | 'pre' | 'run' | 'crash' | 'hang' | 'cold';

/** What a story does to a cloud from outside, the same on the simulator and on the lab. */
export interface Backstage {
  readonly real: boolean;
  readonly authUrl: string;
  readonly region: string;
  readonly password: string;
  readonly dsns: Dsns;
  /** A compute host of the story's own, empty, up. */
  host(name: string): Promise<void>;
  /** Takes it away again. */
  dropHost(name: string): Promise<void>;
  /** An ACTIVE server on that host. */
  boot(name: string, host: string): Promise<ServerId>;
  migration(wish: {
    seconds?: number;
    fail?: readonly { phase: FailPhase; glob: string }[];
    clear?: boolean;
  }): Promise<void>;
  killCompute(host: string): Promise<void>;
  startCompute(host: string): Promise<void>;
  freezeCompute(host: string): Promise<void>;
  thawCompute(host: string): Promise<void>;
  stop(): Promise<void>;
}

interface Login {
  readonly token: string;
  readonly compute: string;
}

const projects: Readonly<Record<string, string>> = { admin: 'admin', alice: 'alpha', bob: 'beta' };

/** By hand and not by our client: the stage is set by somebody else. */
export async function login(
  { authUrl, password }: Pick<Backstage, 'authUrl' | 'password'>,
  user: string,
): Promise<Login> {
  const domain = { name: 'Default' };
  const scope = { project: { name: projects[user], domain } };
  const identity = { methods: ['password'], password: { user: { name: user, domain, password } } };
  const answer = await fetch(`${authUrl}/auth/tokens`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ auth: { identity, scope } }),
  });
  const body = (await answer.json()) as {
    token: { catalog: { type: string; endpoints: { url: string; interface: string }[] }[] };
  };
  const endpoints = body.token.catalog.find(({ type }) => type === 'compute')?.endpoints ?? [];
  const url = endpoints.find((endpoint) => endpoint.interface === 'public')?.url ?? '';
  return { token: answer.headers.get('X-Subject-Token') ?? '', compute: url };
}
