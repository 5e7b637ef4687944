import { cinder } from './cinder.ts';
import { type Control, controlOf } from './control.ts';
import { controlMount } from './control-mount.ts';
import { report } from './hosts.ts';
import { listen } from './http.ts';
import { keystone } from './keystone/keystone.ts';
import { makeWorld } from './make-world.ts';
import { neutron } from './neutron.ts';
import { nova } from './nova/nova.ts';
import { placement } from './placement/placement.ts';
import { seed } from './seed.ts';
import { type SimulatorOptions, settingsOf } from './settings.ts';
import { dsn } from './tables/address.ts';
import { writeTokens } from './tables/token-rows.ts';
import type { World } from './world.ts';

export type { Control } from './control.ts';
export type { SimulatorOptions } from './settings.ts';

export interface Simulator {
  /** Keystone's address, as a clouds.yaml has it. */
  readonly url: string;
  readonly port: number;
  readonly region: string;
  /** The operators' databases, as mysql2 takes them. */
  readonly dsns: {
    readonly novaApi: string;
    readonly cells: Readonly<Record<string, string>>;
    readonly keystone: string;
  };
  readonly users: readonly SimulatedUser[];
  readonly control: Control;
  stop(): Promise<void>;
}

export interface SimulatedUser {
  readonly name: string;
  readonly id: string;
  readonly password: string;
  /** The project to ask for; null for users without one. */
  readonly project: string | null;
}

/** A cloud on a port of this machine: Keystone, Nova, Placement and a little Neutron, with their tables in MySQL. */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const settings = settingsOf(options);
  const making = await makeWorld(settings);
  const { world } = making;
  try {
    seed(world);
    await world.tables.settled();
    world.spawn(() => report(world));
    if (settings.tokenRows > 0) await writeTokens(world, settings.tokenRows);
    const control = controlOf(world, () => listener);
    const mounts = [
      keystone(world),
      nova(world),
      placement(world),
      neutron(world),
      cinder(world),
      controlMount(control),
    ];
    const listener = await listen(mounts, settings, world.sleep);
    return {
      url: `http://${settings.host}:${listener.port}/identity/v3`,
      port: listener.port,
      region: settings.region,
      dsns: dsnsOf(world),
      users: usersOf(world),
      control,
      async stop() {
        await listener.stop();
        await making.stop();
      },
    };
  } catch (error) {
    await making.stop();
    throw error;
  }
}

function dsnsOf({ settings, cells, tables }: World): Simulator['dsns'] {
  const { mysql } = settings;
  return {
    novaApi: dsn(mysql, tables.databases.api),
    cells: Object.fromEntries(cells.map(({ uuid, database }) => [uuid, dsn(mysql, database)])),
    keystone: dsn(mysql, tables.databases.keystone),
  };
}

function usersOf({ identity }: World): SimulatedUser[] {
  const projects: Readonly<Record<string, string>> = {
    admin: 'admin',
    ops: 'admin',
    alice: 'alpha',
    rita: 'alpha',
    bob: 'beta',
  };
  return [...identity.users.values()].map(({ id, name, password }) => ({
    id,
    name,
    password,
    project: projects[name] ?? null,
  }));
}
