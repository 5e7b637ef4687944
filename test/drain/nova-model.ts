import type { InstanceAction, Migration, Server } from '../../src/openstack/cloud.ts';
import { HostName } from '../../src/openstack/names.ts';
import { aMigration, aServer, cmp1 } from './things.ts';

/** Nova's side of one server, as far as moving it goes: small enough to be driven through every order of events. */
export interface Nova {
  readonly server: () => Server | null;
  readonly migrations: () => Migration[];
  readonly actions: () => InstanceAction[];
  /** The id of the action, or null for 409. */
  post(how: 'live' | 'cold', by: 'us' | 'them'): string | null;
  confirm(): boolean;
  abort(migration: number): boolean;
  /** The next thing that happens by itself; `choice` picks how a migration goes on. */
  advance(choice: number): void;
  owner(choice: number): void;
  /** How often the server arrived on another host by a migration that we asked for. */
  arrivals(): number;
  confirmedOthers(): number;
}

interface Row extends Migration {
  status: string;
  destination: HostName | null;
  readonly by: 'us' | 'them';
  readonly was: string;
}

export function openNova(status: 'ACTIVE' | 'PAUSED' | 'SHUTOFF'): Nova {
  let server: Server | null = aServer({ status });
  const rows: Row[] = [
    {
      ...aMigration({ id: 1, status: 'completed', source: HostName.parse('cmp9'), destination: cmp1 }),
      by: 'them',
      was: status,
    },
  ];
  const actions: InstanceAction[] = [anAction('create', 'req-0', 'them')];
  let waiting: { how: 'live' | 'cold'; by: 'us' | 'them'; was: string } | null = null;
  let confirming: Row | null = null;
  let arrived = 0;
  let foreign = 0;

  function set(facts: Partial<Server>): void {
    if (server !== null) server = { ...server, ...facts };
  }
  function current(): Row | undefined {
    return rows.find(({ status: now }) => ['accepted', 'queued', 'preparing', 'running', 'migrating'].includes(now));
  }
  function appear(): void {
    if (waiting === null || server === null) return;
    const type = waiting.how === 'live' ? 'live-migration' : 'migration';
    rows.unshift({
      ...aMigration({ id: rows.length + 1, type, source: server.host, destination: null }),
      status: 'accepted',
      by: waiting.by,
      was: waiting.was,
    });
    waiting = null;
  }
  function arrive(row: Row): void {
    const to = HostName.parse(`cmp${rows.length + 2}`);
    row.destination = to;
    if (row.by === 'us') arrived += 1;
    if (row.type === 'live-migration') {
      row.status = 'completed';
      set({ host: to, status: row.was, taskState: null });
      return;
    }
    row.status = 'finished';
    set({ host: to, status: 'VERIFY_RESIZE', taskState: null });
  }
  function fail(row: Row, how: string): void {
    row.status = how;
    set({ status: row.was, taskState: null });
  }
  function goOn(row: Row, choice: number): void {
    const next: Record<string, string> = {
      accepted: 'queued',
      queued: 'preparing',
      preparing: row.type === 'migration' ? 'migrating' : 'running',
    };
    const following = next[row.status];
    if (choice % 11 === 0) fail(row, row.status === 'running' ? 'failed' : 'error');
    else if (following !== undefined) row.status = following;
    else arrive(row);
  }

  return {
    server: () => server,
    migrations: () => rows.map((row) => ({ ...row })),
    actions: () => [...actions],
    post(how, by) {
      const fits = how === 'live' ? ['ACTIVE', 'PAUSED'] : ['ACTIVE', 'SHUTOFF'];
      if (server === null || server.taskState !== null || !fits.includes(server.status)) return null;
      const id = `req-${actions.length}`;
      actions.unshift(anAction(how === 'live' ? 'live-migration' : 'migrate', id, by));
      waiting = { how, by, was: server.status };
      set({ status: how === 'live' ? 'MIGRATING' : 'RESIZE', taskState: how === 'live' ? 'migrating' : 'resize_prep' });
      return id;
    },
    confirm() {
      const row = rows.find(({ status: now }) => now === 'finished');
      if (server?.status !== 'VERIFY_RESIZE' || row === undefined || confirming !== null) return false;
      if (row.by === 'them') foreign += 1;
      confirming = row;
      return true;
    },
    abort(migration) {
      const row = rows.find(({ id }) => id === migration);
      if (row === undefined || row !== current() || row.type !== 'live-migration') return false;
      fail(row, 'cancelled');
      return true;
    },
    advance(choice) {
      if (confirming !== null) {
        confirming.status = 'confirmed';
        set({ status: confirming.was, taskState: null });
        confirming = null;
        return;
      }
      if (waiting !== null) return appear();
      const row = current();
      if (row !== undefined && server !== null) goOn(row, choice);
    },
    owner(choice) {
      if (server === null || server.taskState !== null) return;
      if (choice === 0) server = null;
      else if (server.status === 'ACTIVE' && choice < 4) set({ status: 'SHUTOFF' });
      else if (server.status === 'SHUTOFF' && choice < 4) set({ status: 'ACTIVE' });
    },
    arrivals: () => arrived,
    confirmedOthers: () => foreign,
  };
}

function anAction(action: string, requestId: string, user: 'us' | 'them'): InstanceAction {
  return { action, requestId, user, startedAt: null, message: null, events: [] };
}
