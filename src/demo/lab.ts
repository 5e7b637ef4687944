import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { promisify } from 'node:util';
import { UserError } from '../chat/user-error.ts';
import { type DemoCloud, labCloud } from './cloud.ts';

const script = 'test/openstack/lab';

const question = `This brings up a real OpenStack (Debian's Zed) on this machine, with pretended hypervisors:
  - some 300 Debian packages (125 MB to fetch, 560 MB on disk); none of them starts a service
  - Keystone, Nova, Placement, Glance, Neutron, MariaDB, RabbitMQ on 127.0.0.1, with 2 GB of memory
  - its files in /tmp/vigie-lab; "${script} down --purge" ends and removes it
`;

/** The project's own OpenStack: used if it runs, brought up after a question if not. */
export async function openstackLab({ yes }: { yes: boolean }): Promise<DemoCloud> {
  if (!existsSync('/etc/debian_version'))
    throw new UserError('The lab is made of Debian packages, and this is not Debian. Try bin/demo without openstack.');
  if ((await described()) === null) {
    if (!yes) await agree();
    await visibly('install');
    await visibly('up');
    await visibly('migration', '--seconds', '5');
  }
  await visibly('seed', '--servers', '12', '--only-if-empty');
  const cloud = await described();
  if (cloud === null) throw new UserError(`The lab is up but does not answer: see ${script} status.`);
  return cloud;
}

/** Null where no lab runs. */
async function described(): Promise<DemoCloud | null> {
  return promisify(execFile)(script, ['env']).then(
    ({ stdout }) => labCloud(stdout),
    () => null,
  );
}

async function agree(): Promise<void> {
  process.stderr.write(question);
  if (!process.stdin.isTTY) throw new UserError('Nobody is there to be asked: type bin/demo openstack --yes');
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question('Go on? [y/N] ');
  terminal.close();
  if (!/^y(es)?$/i.test(answer.trim())) throw new UserError('Nothing was done.');
}

/** What the script says goes to the terminal's error stream: it takes minutes, and people want to see it move. */
async function visibly(...args: readonly string[]): Promise<void> {
  const child = spawn(script, args, { stdio: ['ignore', 2, 2] });
  const code = await new Promise((resolve, reject) => child.once('exit', resolve).once('error', reject));
  if (code !== 0) throw new UserError(`${script} ${args.join(' ')} failed: see above.`);
}
