import { randomBytes } from 'node:crypto';
import { ServerId } from '../../src/openstack/names.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { mariadbUrl } from '../setup/servers.ts';
import type { Backstage } from './backstage.ts';

/** A small simulated cloud of this file's own. */
export async function openSimulator(): Promise<Backstage> {
  const simulator = await startSimulator({
    mysql: new URL(mariadbUrl()).searchParams.get('socketPath') ?? mariadbUrl(),
    prefix: `sim_${randomBytes(4).toString('hex')}_`,
    hosts: 3,
    servers: 0,
    deletedServers: 0,
    tokenRows: 0,
    migrateSeconds: 1,
    reportSeconds: 1,
    serviceDownSeconds: 4,
  });
  const { control, url, region, dsns } = simulator;
  return {
    real: false,
    authUrl: url,
    region,
    password: simulator.users.find(({ name }) => name === 'admin')?.password ?? '',
    dsns,
    host: (name) => control.startCompute(name),
    dropHost: (name) => control.killCompute(name),
    boot: async (name, host) => ServerId.parse((await control.createServer({ name, host })).id),
    migration: async ({ seconds, fail, clear }) => {
      await control.migration({
        ...(seconds === undefined ? {} : { seconds }),
        ...(fail === undefined ? {} : { fail: [...fail] }),
        ...(clear === undefined ? {} : { clear }),
      });
    },
    killCompute: (host) => control.killCompute(host),
    startCompute: (host) => control.startCompute(host),
    freezeCompute: (host) => control.freezeCompute(host),
    thawCompute: (host) => control.thawCompute(host),
    stop: () => simulator.stop(),
  };
}
