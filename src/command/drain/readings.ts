import type { CloudReader, Migration, Server } from '../../openstack/cloud.ts';
import type { HostName, ServerId } from '../../openstack/names.ts';
import type { StepContext } from '../command.ts';
import { deadHost } from './cordon.ts';
import { all, unique } from './survey.ts';

/** What everyone who could know says is on a host. Null: could not be asked. */
export interface Reading {
  readonly servers: readonly Server[];
  readonly hypervisor: readonly ServerId[] | null;
  readonly migrations: readonly Migration[];
  readonly consumers: readonly string[] | null;
  /** Why an empty answer would prove nothing. */
  readonly blind: readonly string[];
  readonly looked: readonly string[];
}

const mostReadings = 5;

export async function readHost(cloud: CloudReader, host: HostName): Promise<Reading> {
  const [about, services, living, deleted, hypervisors, migrations, consumers] = await Promise.all([
    cloud.about(),
    cloud.services({}),
    all(cloud.servers({ host })),
    all(cloud.servers({ host, softDeleted: true })),
    cloud.hypervisors({ host }),
    cloud.migrations({ host }),
    cloud.allocations(host),
  ]);
  const lists = hypervisors.map(({ servers }) => servers);
  const hypervisor = lists.length === 0 || lists.includes(null) ? null : lists.flatMap((list) => list ?? []);
  const dead = services.some((one) => one.host === host && one.binary === 'nova-compute' && one.state === 'down');
  const lost = services.filter(({ status }) => status === 'unknown').length;
  const modern = about.computeVersion.minor;
  return {
    servers: unique([...living, ...deleted]),
    hypervisor,
    migrations,
    consumers,
    blind: [
      ...(about.admin && about.project !== null ? [] : ['the token is not an admin of a project and sees only a part']),
      ...(dead ? [deadHost(host)] : []),
      ...(lost === 0 ? [] : ['a cell does not answer']),
      // Below these versions the cloud has no such list, and the others must do.
      ...(hypervisor === null && modern >= hypervisorLists ? ["the hypervisor's own list could not be read"] : []),
      ...(consumers === null && modern >= placementIsThere ? ['Placement could not be asked'] : []),
    ],
    looked: [
      'Nova (soft-deleted servers, too)',
      'its open migrations',
      ...(hypervisor === null ? [] : ['the hypervisor']),
      ...(consumers === null ? [] : ['Placement']),
    ],
  };
}

/** `with_servers` of os-hypervisors. */
const hypervisorLists = 53;
/** Ocata: every cloud has Placement from here on. */
const placementIsThere = 42;

/** Reads until two readings some seconds apart agree: Placement and the hypervisor follow Nova a little later. */
export async function settled(read: () => Promise<Reading>, context: StepContext): Promise<Reading> {
  let before = await read();
  for (let readings = 2; ; readings += 1) {
    await pause(context);
    const now = await read();
    if (print(before) === print(now) && (readings >= mostReadings || !trails(now))) return now;
    if (readings >= mostReadings) return now;
    before = now;
  }
}

/** Somebody still speaks of a server that Nova's own list no longer has. */
function trails({ servers, hypervisor, consumers }: Reading): boolean {
  const here = new Set<string>(servers.map(({ id }) => id));
  return [...(hypervisor ?? []), ...(consumers ?? [])].some((id) => !here.has(id));
}

function print({ servers, hypervisor, migrations, consumers }: Reading): string {
  const states = servers.map(({ id, status, taskState }) => `${id} ${status} ${taskState}`).toSorted();
  const open = migrations.map(({ id, status }) => `${id} ${status}`).toSorted();
  return JSON.stringify([states, hypervisor?.toSorted(), open, consumers?.toSorted()]);
}

/** A job that was cancelled at once still says what is left: the first sleep tells, the second one sleeps. */
async function pause(context: StepContext): Promise<void> {
  const apart = Math.max(1000, 1.5 * context.cloud.settings.pollInterval);
  try {
    await context.sleep(apart);
  } catch (reason) {
    if (context.signal.reason !== 'cancel-now') throw reason;
    await context.sleep(apart);
  }
}
