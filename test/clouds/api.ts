import { z } from 'zod';

const Login = z.object({
  token: z.object({
    catalog: z.array(
      z.object({ type: z.string(), endpoints: z.array(z.object({ interface: z.string(), url: z.string() })) }),
    ),
  }),
});

export interface Said {
  readonly status: number;
  /** Nova's own words: each test reads what it needs. */
  // biome-ignore lint/suspicious/noExplicitAny: a raw API answer, read by tests only
  readonly body: any;
}

/** The cloud's own API as one user in one project, past vigie: what a story's truth is read from. */
export interface Api {
  call(method: string, path: string, body?: unknown, version?: string): Promise<Said>;
}

/** Nothing is asked before the first call; the token is good for longer than any story. */
export function openApi(authUrl: string, user: string, project: string): Api {
  let session: Promise<{ token: string; compute: string }> | null = null;
  return {
    async call(method, path, body, version = '2.90') {
      session ??= login(authUrl, user, project);
      const { token, compute } = await session;
      const headers = {
        'x-auth-token': token,
        'openstack-api-version': `compute ${version}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      };
      const answer = await fetch(`${compute}${path}`, {
        method,
        headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      return { status: answer.status, body: text === '' ? null : JSON.parse(text) };
    },
  };
}

async function login(authUrl: string, user: string, project: string): Promise<{ token: string; compute: string }> {
  const domain = { name: 'Default' };
  const answer = await fetch(`${authUrl}/auth/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      auth: {
        identity: { methods: ['password'], password: { user: { name: user, domain, password: 'lab' } } },
        scope: { project: { name: project, domain } },
      },
    }),
  });
  if (answer.status !== 201) throw new Error(`${user} cannot log in: ${answer.status} ${await answer.text()}`);
  const { token } = Login.parse(await answer.json());
  const compute = token.catalog
    .find(({ type }) => type === 'compute')
    ?.endpoints.find((one) => one.interface === 'public')?.url;
  if (compute === undefined) throw new Error('the catalog has no compute service');
  return { token: answer.headers.get('x-subject-token') ?? '', compute: compute.replace(/\/$/, '') };
}
