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
  /** Once it is gone, by itself or killed by what it met. */
  gone(): Promise<void>;
}

export interface WorkerPlan {
  readonly directory: string;
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly policy: string;
  readonly cloud: CloudConfig;
  /** More of clouds.yaml, under `vigie`, and beside it. */
  readonly vigie?: object;
  readonly more?: object;
}

/** Writes what a worker reads, and returns how to start one; `more` of its environment may be how it dies. */
export function workersOf(plan: WorkerPlan): (more?: NodeJS.ProcessEnv) => VigieProcess {
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
    CLOUDS_FILE: file('clouds.yaml', JSON.stringify(cloudsFile(plan))),
  };
  let started = 0;
  return (more = {}) => {
    started += 1;
    return startProcess('worker', { ...env, ...more }, join(plan.directory, `worker-${started}.log`));
  };
}

/** How to start a bot with a terminal nobody types on; `workersOf` has written the policy. */
export function botsOf({
  directory,
  databaseUrl,
  redisUrl,
}: Pick<WorkerPlan, 'directory' | 'databaseUrl' | 'redisUrl'>) {
  const env = {
    PATH: process.env['PATH'],
    DATABASE_URL: databaseUrl,
    REDIS_URL: redisUrl,
    POLICY_FILE: join(directory, 'policy.yaml'),
    CONSOLE: '1',
  };
  let started = 0;
  return () => {
    started += 1;
    return startProcess('bot', env, join(directory, `bot-${started}.log`));
  };
}

/** JSON is YAML. */
function cloudsFile({ cloud: { name, authUrl, region, dsns }, vigie = {}, more = {} }: WorkerPlan) {
  return {
    clouds: {
      [name]: {
        region_name: region,
        ...more,
        auth: {
          auth_url: authUrl,
          username: 'admin',
          password: 'lab',
          project_name: 'admin',
          user_domain_name: 'Default',
          project_domain_name: 'Default',
        },
        vigie: { nova_api: dsns.novaApi, cells: dsns.cells, keystone: dsns.keystone, poll_interval: '1s', ...vigie },
      },
    },
  };
}

/** Ends with us, however we end: `tied` sees to that. */
export function startProcess(role: 'bot' | 'worker', env: NodeJS.ProcessEnv, log: string): VigieProcess {
  const output = openSync(log, 'a', 0o600);
  const doomed = env['DIES_AT'] === undefined ? [] : ['--import', './test/programs/dies-at.ts'];
  const child = fork('src/main.ts', [role], {
    env,
    execArgv: ['--import', 'tsx', '--import', './src/demo/tied.ts', ...doomed],
    stdio: ['pipe', output, output, 'ipc'],
  });
  closeSync(output);
  return {
    pid: child.pid ?? 0,
    signal: (name) => void child.kill(name),
    type: (line) => void child.stdin?.write(`${line}\n`),
    end: () => end(child),
    gone: () => gone(child),
  };
}

async function end(child: ChildProcess): Promise<void> {
  child.kill('SIGCONT');
  child.kill('SIGKILL');
  await gone(child);
}

async function gone(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}
