import { z } from 'zod';
import { type SimulatorOptions, startSimulator } from './simulator.ts';

const number = z.coerce.number().optional();
const Environment = z.object({
  SIMULATOR_MYSQL: z.string().min(1),
  SIMULATOR_PREFIX: z.string().optional(),
  SIMULATOR_HOST: z.string().optional(),
  SIMULATOR_PORT: number,
  SIMULATOR_HOSTS: number,
  SIMULATOR_SERVERS: number,
  SIMULATOR_DELETED_SERVERS: number,
  SIMULATOR_SEED: number,
  SIMULATOR_SPEED: number,
  SIMULATOR_MIGRATE_SECONDS: number,
  SIMULATOR_LANES: number,
  SIMULATOR_REGION: z.string().optional(),
  SIMULATOR_MAX_MICROVERSION: z.string().optional(),
  SIMULATOR_TOKENS: z.enum(['fernet', 'uuid']).optional(),
  SIMULATOR_TOKEN_ROWS: number,
  SIMULATOR_CELLS: z.enum(['1', '2']).optional(),
});

const environment = Environment.safeParse(process.env);
if (environment.success) await run(optionsFrom(environment.data));
else {
  process.stderr.write(
    `The simulator needs SIMULATOR_MYSQL, a mysql:// address or the path of a socket.\n${z.prettifyError(environment.error)}\n`,
  );
  process.exitCode = 2;
}

async function run(options: SimulatorOptions): Promise<void> {
  const simulator = await startSimulator(options);
  process.stdout.write(`simulator: keystone at ${simulator.url}\n`);
  const { url, region, dsns } = simulator;
  process.send?.({ url, region, dsns }); // to the program that started it, if one did
  const stop = () => void simulator.stop().then(() => process.exit(0));
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

function optionsFrom(env: z.output<typeof Environment>): SimulatorOptions {
  const given = {
    prefix: env.SIMULATOR_PREFIX,
    host: env.SIMULATOR_HOST,
    port: env.SIMULATOR_PORT,
    hosts: env.SIMULATOR_HOSTS,
    servers: env.SIMULATOR_SERVERS,
    deletedServers: env.SIMULATOR_DELETED_SERVERS,
    seed: env.SIMULATOR_SEED,
    speed: env.SIMULATOR_SPEED,
    migrateSeconds: env.SIMULATOR_MIGRATE_SECONDS ?? 8,
    lanes: env.SIMULATOR_LANES,
    region: env.SIMULATOR_REGION,
    maxMicroversion: env.SIMULATOR_MAX_MICROVERSION,
    tokens: env.SIMULATOR_TOKENS,
    tokenRows: env.SIMULATOR_TOKEN_ROWS ?? 4000,
    cells: env.SIMULATOR_CELLS === undefined ? undefined : env.SIMULATOR_CELLS === '2' ? 2 : 1,
  } as const;
  const set = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  // what is left has the types above; entries cannot keep them
  return { mysql: env.SIMULATOR_MYSQL, ...(set as Partial<SimulatorOptions>) };
}
