import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { CloudConfig } from '../src/openstack/config.ts';

/** What people empty hosts with today. */
export interface Peer {
  readonly name: string;
  run(wish: { readonly host: string; readonly servers: readonly string[] }): Promise<void>;
}

const execute = promisify(execFile);

/** Those whose programs are there; a peer that is missing is said and left out. */
export async function openPeers({ authUrl, region }: CloudConfig): Promise<Peer[]> {
  const through = process.env['PEERS']?.split(' ') ?? [];
  if (through[0] === 'none') return [];
  const env = {
    ...process.env,
    OS_AUTH_URL: authUrl,
    OS_USERNAME: 'admin',
    OS_PASSWORD: 'lab',
    OS_PROJECT_NAME: 'admin',
    OS_USER_DOMAIN_NAME: 'Default',
    OS_PROJECT_DOMAIN_NAME: 'Default',
    OS_IDENTITY_API_VERSION: '3',
    OS_COMPUTE_API_VERSION: '2.90',
    ...(region === null ? {} : { OS_REGION_NAME: region }),
  };
  async function call(...words: string[]): Promise<void> {
    const [program = '', ...args] = [...through, ...words];
    await execute(program, args, { env, maxBuffer: 1 << 26 });
  }
  const known: (Peer & { readonly program: string })[] = [
    {
      name: 'nova host-evacuate-live',
      program: 'nova',
      run: ({ host }) => call('nova', 'host-evacuate-live', '--strict', host),
    },
    {
      name: 'openstackclient, one after the other',
      program: 'openstack',
      async run({ servers }) {
        for (const server of servers)
          await call('openstack', 'server', 'migrate', '--live-migration', '--wait', server);
      },
    },
  ];
  const found: Peer[] = [];
  for (const peer of known) {
    if (await answers(() => call(peer.program, '--version'))) found.push(peer);
    else console.error(`${peer.program} is not there: ${peer.name} is left out`);
  }
  return found;
}

async function answers(asking: () => Promise<void>): Promise<boolean> {
  try {
    await asking();
    return true;
  } catch {
    return false;
  }
}
