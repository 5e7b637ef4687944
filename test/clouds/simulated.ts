import { randomBytes } from 'node:crypto';
import { type Simulator, type SimulatorOptions, startSimulator } from '../../src/simulator/simulator.ts';
import { plantSecrets } from '../setup/secrets.ts';
import { mariadbUrl } from '../setup/servers.ts';
import type { Ground } from './ground.ts';

export interface SimulatedGround extends Ground {
  readonly simulator: Simulator;
}

/** A simulated cloud of the story's own: nobody else is on it, and a migration takes a moment. */
export async function simulatedGround(options: Partial<SimulatorOptions> = {}): Promise<SimulatedGround> {
  const prefix = `s${randomBytes(4).toString('hex')}_`;
  const simulator = await startSimulator({
    mysql: mariadbUrl(),
    prefix,
    servers: 0,
    speed: 20,
    migrateSeconds: 2,
    ...options,
  });
  await plantSecrets(simulator.dsns);
  const { control } = simulator;
  let given = 0;
  return {
    kind: 'simulator',
    simulator,
    authUrl: simulator.url,
    region: simulator.region,
    dsns: simulator.dsns,
    databaseServer: {
      root: mariadbUrl(),
      databases: ['keystone', 'nova', 'nova_api', 'nova_cell0'].map((name) => `${prefix}${name}`),
    },
    pollInterval: 50,
    async ownHost() {
      given += 1;
      const host = `cmp${given}`;
      await control.startCompute(host);
      return host;
    },
    ...control,
    createServer: async (wish) => (await control.createServer(wish)).id,
    async migrationSeconds(seconds) {
      await control.migration({ seconds });
    },
    async fail(phase, glob) {
      await control.migration({ fail: [{ phase, glob }] });
    },
    journal: () => control.journal(),
    restartDatabase: null,
    async heal() {
      await control.migration({ clear: true });
    },
    stop: () => simulator.stop(),
  };
}
