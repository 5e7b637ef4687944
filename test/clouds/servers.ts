import { setTimeout as delay } from 'node:timers/promises';
import { createConnection } from 'mysql2/promise';
import type { Api, Said } from './api.ts';
import type { Ground } from './ground.ts';

/** A server as Nova shows it to an administrator. */
export interface Shown {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly host: string | null;
  readonly task: string | null;
  readonly locked: boolean;
  readonly lockedReason: string | null;
}

/** One move as Nova recorded it. */
export interface Moved {
  readonly id: number;
  readonly status: string;
  readonly type: string;
  readonly source: string;
  readonly destination: string | null;
}

/** What is there, as an administrator sees it. */
interface Sight {
  show(id: string): Promise<Shown>;
  on(host: string): Promise<Shown[]>;
  /** Newest first, from os-migrations: Nova's own truth. */
  migrations(id: string): Promise<Moved[]>;
  /** The verbs of its instance actions, newest first. */
  actions(id: string): Promise<string[]>;
  until(what: string, holds: () => Promise<boolean>, ms?: number): Promise<void>;
}

export interface StoryServers extends Sight {
  /** An ACTIVE server on that host; its name gets the story's prefix. */
  server(name: string, host: string, wish?: { project?: 'alpha' | 'beta'; group?: string }): Promise<Shown>;
  /** A server group of the owner's; its id. */
  group(name: string, policy: string): Promise<string>;
  servers(count: number, host: string): Promise<Shown[]>;
  /** `POST servers/ID/action`, by an administrator or by whoever is named. */
  act(id: string, body: object, by?: Api, version?: string): Promise<Said>;
  /** Asks, then waits until the server reads so. */
  become(id: string, status: string, body: object, by?: Api): Promise<Shown>;
  remove(id: string): Promise<number>;
  deleteAll(): Promise<void>;
}

export function openServers(
  ground: Ground,
  { admin, owner }: { admin: Api; owner: Api },
  prefix: string,
): StoryServers {
  const sight = openSight(ground, admin);
  const mine: string[] = [];
  const groups: string[] = [];
  async function make(name: string, host: string, wish: { project?: 'alpha' | 'beta'; group?: string } = {}) {
    const id = await ground.createServer({ name: `${prefix}${name}`, host, project: 'alpha', ...wish });
    mine.push(id);
    return id;
  }
  const act = (id: string, body: object, by: Api = admin, version?: string) =>
    by.call('POST', `/servers/${id}/action`, body, version);
  return {
    ...sight,
    act,
    async group(name, policy) {
      const wish = { server_group: { name: `${prefix}${name}`, policy } };
      const { status, body } = await owner.call('POST', '/os-server-groups', wish);
      if (status !== 200) throw new Error(`group ${name}: ${status} ${JSON.stringify(body)}`);
      groups.push(body.server_group.id);
      return body.server_group.id;
    },
    async server(name, host, wish) {
      const [server] = await active(sight, host, [await make(name, host, wish)]);
      if (server === undefined) throw new Error(`no ${name}`);
      return server;
    },
    async servers(count, host) {
      const ids: string[] = [];
      for (let n = 1; n <= count; n += 1) ids.push(await make(`web-${String(n).padStart(2, '0')}`, host));
      return active(sight, host, ids);
    },
    async become(id, status, body, by) {
      const { status: said, body: why } = await act(id, body, by);
      if (said >= 300) throw new Error(`${JSON.stringify(body)}: ${said} ${JSON.stringify(why)}`);
      await sight.until(`${id} is ${status}`, async () => {
        const now = await sight.show(id);
        return now.status === status && now.task === null;
      });
      return sight.show(id);
    },
    remove: async (id) => (await admin.call('DELETE', `/servers/${id}`)).status,
    async deleteAll() {
      if (mine.length > 0) await unprotect(ground, mine);
      await Promise.all(mine.map((id) => deleteSurely(admin, id)));
      for (const id of groups) await owner.call('DELETE', `/os-server-groups/${id}`);
    },
  };
}

function openSight({ pollInterval }: Ground, admin: Api): Sight {
  return {
    show: async (id) => shown((await must(admin, `/servers/${id}`)).server),
    async on(host) {
      const { servers } = await must(admin, `/servers/detail?all_tenants=1&host=${host}&limit=1000`);
      return servers.map(shown);
    },
    async migrations(id) {
      const { migrations } = await must(admin, `/os-migrations?instance_uuid=${id}`);
      return migrations.map(moved).toSorted((a: Moved, b: Moved) => b.id - a.id);
    },
    async actions(id) {
      const { instanceActions } = await must(admin, `/servers/${id}/os-instance-actions`);
      return instanceActions.map(({ action }: { action: string }) => action);
    },
    async until(what, holds, ms = 120_000) {
      const giveUp = performance.now() + ms;
      while (!(await holds())) {
        if (performance.now() > giveUp) throw new Error(`${what}: not within ${ms} ms`);
        await delay(pollInterval);
      }
    },
  };
}

/** One look for all of them: the lab has two API processes. */
async function active({ on, until }: Sight, host: string, ids: readonly string[]): Promise<Shown[]> {
  let there: Shown[] = [];
  await until(`${ids.length} servers on ${host} are ACTIVE`, async () => {
    there = (await on(host)).filter(({ status }) => status === 'ACTIVE');
    return ids.every((id) => there.some((server) => server.id === id));
  });
  return ids.flatMap((id) => there.find((server) => server.id === id) ?? []);
}

/** A story may have ended before it took its protections back. */
async function unprotect({ dsns }: Ground, ids: readonly string[]): Promise<void> {
  for (const dsn of Object.values(dsns.cells)) {
    const cell = await createConnection(dsn);
    await cell.query('UPDATE instances SET disable_terminate = 0 WHERE uuid IN (?)', [ids]);
    await cell.end();
  }
}

/** Nova may be moving it just now, and put it back after the first try. */
async function deleteSurely(admin: Api, id: string): Promise<void> {
  for (let tries = 0; tries < 40; tries += 1) {
    if ((await admin.call('GET', `/servers/${id}`)).status === 404) return;
    await admin.call('POST', `/servers/${id}/action`, { 'os-resetState': { state: 'error' } });
    await admin.call('POST', `/servers/${id}/action`, { unlock: null });
    await admin.call('DELETE', `/servers/${id}`);
    await delay(1500);
  }
}

async function must(api: Api, path: string) {
  const { status, body } = await api.call('GET', path);
  if (status !== 200) throw new Error(`GET ${path}: ${status} ${JSON.stringify(body)}`);
  return body;
}

function shown(server: Record<string, unknown>): Shown {
  const text = (key: string) => (typeof server[key] === 'string' ? server[key] : null);
  return {
    id: text('id') ?? '',
    name: text('name') ?? '',
    status: text('status') ?? '',
    host: text('OS-EXT-SRV-ATTR:host'),
    task: text('OS-EXT-STS:task_state'),
    locked: server['locked'] === true,
    lockedReason: text('locked_reason'),
  };
}

function moved(row: Record<string, unknown>): Moved {
  return {
    id: Number(row['id']),
    status: String(row['status']),
    type: String(row['migration_type']),
    source: String(row['source_compute']),
    destination: row['dest_compute'] === null ? null : String(row['dest_compute']),
  };
}
