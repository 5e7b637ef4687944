import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { z } from 'zod';
import { labCloud } from '../../src/demo/cloud.ts';
import { type Api, openApi } from './api.ts';
import type { Ground, ServerWish } from './ground.ts';
import { openJournal } from './journal.ts';

/** The real OpenStack of this machine, which others may be using: hosts of our own, everything put back. */
export async function labGround(prefix: string): Promise<Ground> {
  const env = await lab('env');
  const cloud = labCloud(env);
  if (cloud === null) throw new Error('no lab runs here: test/openstack/lab up');
  const journal = await openJournal(cloud.dsns);
  const admin = openApi(cloud.authUrl, 'admin', 'admin');
  const hosts = new Set<string>();
  const touched = new Set<string>();
  return {
    kind: 'openstack',
    authUrl: cloud.authUrl,
    region: cloud.region,
    dsns: cloud.dsns,
    databaseServer: {
      root: `mysql://root@localhost/?socketPath=${encodeURIComponent(/LAB_MYSQL_SOCKET=(\S+)/.exec(env)?.[1] ?? '')}`,
      databases: ['keystone', 'placement', 'glance', 'neutron', 'nova', 'nova_api', 'nova_cell0'],
    },
    pollInterval: 400,
    async ownHost() {
      const host = `vigie-${randomBytes(3).toString('hex')}`;
      hosts.add(host);
      await lab('start-compute', host);
      return host;
    },
    createServer: creator(cloud.authUrl, admin),
    async killCompute(host) {
      touched.add(host);
      await lab('kill-compute', host);
    },
    async startCompute(host) {
      await lab('start-compute', host);
      touched.delete(host);
    },
    async freezeCompute(host) {
      touched.add(host);
      await lab('freeze-compute', host);
    },
    async thawCompute(host) {
      await lab('thaw-compute', host);
      touched.delete(host);
    },
    async migrationSeconds(seconds) {
      await lab('migration', '--slow', `${seconds}:${prefix}*`);
    },
    async fail(phase, glob) {
      await lab('migration', '--fail', `${phase}:${glob}`);
    },
    heal: async () => void (await lab('migration', '--forget', prefix)),
    journal,
    restartDatabase: async () => void (await lab('restart-mariadb')),
    async stop() {
      await lab('migration', '--forget', prefix);
      for (const host of touched) if (!hosts.has(host)) await lab('start-compute', host);
      for (const host of hosts) await lab('remove-compute', host).catch(() => undefined);
    },
  };
}

/** The project's own script, as a person would call it. */
async function lab(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('test/openstack/lab', args, { maxBuffer: 1 << 24 });
  return stdout;
}

/** Nova lets an administrator name the host; in alpha and beta `ops` and `admin` are that. */
function creator(authUrl: string, admin: Api): (wish: ServerWish) => Promise<string> {
  let found: Promise<{ flavor: string; image: string }> | null = null;
  const apis = new Map<string, Api>();
  return async ({ name, host, project, group }) => {
    found ??= flavorAndImage(admin);
    const { flavor, image } = await found;
    const user = project === 'alpha' ? 'ops' : 'admin';
    const api = apis.get(project) ?? openApi(authUrl, user, project === 'alpha' ? 'alpha' : 'admin');
    apis.set(project, api);
    const server = { name, host, flavorRef: flavor, imageRef: image, networks: 'none' };
    const hints = group === undefined ? {} : { 'os:scheduler_hints': { group } };
    const { status, body } = await api.call('POST', '/servers', { server, ...hints });
    if (status !== 202) throw new Error(`${name} on ${host}: ${status} ${JSON.stringify(body)}`);
    return body.server.id;
  };
}

async function flavorAndImage(admin: Api): Promise<{ flavor: string; image: string }> {
  const { body } = await admin.call('GET', '/flavors');
  const flavors = z.object({ flavors: z.array(z.object({ id: z.string(), name: z.string() })) }).parse(body).flavors;
  const flavor = flavors.find(({ name }) => name === 'lab.small')?.id;
  if (flavor === undefined) throw new Error('the lab was not seeded: test/openstack/lab seed --servers 0');
  const listed = await lab('run', 'openstack', 'image', 'list', '-f', 'value', '-c', 'ID');
  const image = listed.trim().split('\n')[0];
  if (!image) throw new Error('the lab has no image: test/openstack/lab seed --servers 0');
  return { flavor, image };
}
