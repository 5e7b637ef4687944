import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CloudConfig } from '../../src/openstack/config.ts';

/** vigie as people run it: a process of its own that knows what it needs from files. */
export interface VigieProcess {
  readonly pid: number;
  signal(name: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void;
  /** On its terminal, where it has one. */
  type(line: string): void;
  end(): Promise<void>;
}

export interface WorkerPlan {
  readonly directory: string;
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly policy: string;
  readonly cloud: CloudConfig;
}

/** Writes what a worker reads, and returns how to start one. */
export function workersOf(plan: WorkerPlan): () => VigieProcess {
  const file = (name: string, text: string) => {
    const path = join(plan.directory, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const env = {
    PATH: process.env['PATH'],
    DATABASE_URL: plan.databaseUrl,
    REDIS_URL: plan.redisUrl,
    POLICY_FILE: file('policy.yaml', plan.policy),
    CLOUDS_FILE: file('clouds.yaml', JSON.stringify(cloudsFile(plan.cloud))),
  };
  let started = 0;
  return () => {
    started += 1;
    return startProcess('worker', env, join(plan.directory, `worker-${started}.log`));
  };
}

/** JSON is YAML. */
function cloudsFile({ name, authUrl, region, dsns }: CloudConfig) {
  return {
    clouds: {
      [name]: {
        region_name: region,
        auth: {
          auth_url: authUrl,
          username: 'admin',
          password: 'lab',
          project_name: 'admin',
          user_domain_name: 'Default',
          project_domain_name: 'Default',
        },
        vigie: { nova_api: dsns.novaApi, cells: dsns.cells, keystone: dsns.keystone, poll_interval: '1s' },
      },
    },
  };
}

/** Ends with us, however we end: `tied` sees to that. */
export function startProcess(role: 'bot' | 'worker', env: NodeJS.ProcessEnv, log: string): VigieProcess {
  const output = openSync(log, 'a', 0o600);
  const child = fork('src/main.ts', [role], {
    env,
    execArgv: ['--import', 'tsx', '--import', './src/demo/tied.ts'],
    stdio: ['pipe', output, output, 'ipc'],
  });
  closeSync(output);
  return {
    pid: child.pid ?? 0,
    signal: (name) => void child.kill(name),
    type: (line) => void child.stdin?.write(`${line}\n`),
    end: () => end(child),
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGCONT');
  child.kill('SIGKILL');
  await gone;
}
