import { mkdirSync } from 'node:fs';
import { userInfo } from 'node:os';
import { UserError } from './chat/user-error.ts';
import { loadRegistry } from './command/registry.ts';
import { startChild } from './demo/child.ts';
import { type DemoCloud, simulatedCloud } from './demo/cloud.ts';
import { converse } from './demo/conversation.ts';
import { type DemoFiles, writeFiles } from './demo/files.ts';
import { openstackLab } from './demo/lab.ts';
import { type Servers, startServers, stateDirectory } from './demo/servers.ts';
import { keepWorker } from './demo/worker.ts';
import { lockState } from './embedded/lock.ts';
import { openLog } from './log.ts';

export interface DemoOptions {
  /** `openstack` for the project's lab instead of the simulated cloud, `--yes` to be asked nothing. */
  readonly args: readonly string[];
  readonly version: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Undone in the opposite order, whatever ended the demo. */
type Later = (undo: () => void | Promise<void>) => void;

const place = 'console:local';

/** Everything on one machine, for one terminal: private servers, a cloud, a worker, and the bot right here. */
export async function runDemo(options: DemoOptions): Promise<number> {
  const undoes: (() => void | Promise<void>)[] = [];
  try {
    return await live(options, (undo) => undoes.push(undo));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 1;
  } finally {
    for (const undo of undoes.reverse()) await undo();
  }
}

async function live({ args, version, env }: DemoOptions, later: Later): Promise<number> {
  const real = args.includes('openstack');
  const lab = real ? await openstackLab({ yes: args.includes('--yes') }) : null;
  const directory = stateDirectory(env);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const lock = lockState(directory);
  later(() => lock.release());
  const servers = await startServers(directory, { name: real ? 'vigie_lab' : 'vigie', kept: real }, env);
  later(() => servers.stop());

  const cloud = lab ?? (await simulatedCloudIn(directory, servers, env, later));
  const user = userInfo().username;
  const files = writeFiles(directory, cloud, { user, place });
  const log = openLog({ level: 'info', file: `${directory}/bot.log`, name: 'demo' });
  const worker = keepWorker(workerPlan({ directory, servers, files, env }), log);
  later(() => worker.stop());

  const registry = await loadRegistry(new URL('../commands', import.meta.url));
  const scene = { version, cloud: cloud.name, real, directory, user, speakers: servers.own };
  return converse({ scene, servers, registry, log, policyFile: files.policy, place }, later);
}

async function simulatedCloudIn(
  directory: string,
  { socket }: Servers,
  env: NodeJS.ProcessEnv,
  later: Later,
): Promise<DemoCloud> {
  const settings = { SIMULATOR_MYSQL: socket, SIMULATOR_PORT: '0' };
  const child = startChild({
    name: 'simulator',
    program: 'simulator/main',
    args: [],
    env: { ...env, ...settings },
    directory,
  });
  later(() => child.stop());
  return simulatedCloud(await child.told);
}

function workerPlan(parts: { directory: string; servers: Servers; files: DemoFiles; env: NodeJS.ProcessEnv }) {
  const { directory, servers, files, env } = parts;
  const settings = {
    DATABASE_URL: servers.databaseUrl,
    REDIS_URL: servers.redisUrl,
    POLICY_FILE: files.policy,
    CLOUDS_FILE: files.clouds,
    SECURE_FILE: files.secure,
    LOG_FILE: '',
    WORKER_CLOUDS: '',
  };
  return { name: 'worker', program: 'main', args: ['worker'], env: { ...env, ...settings }, directory };
}
