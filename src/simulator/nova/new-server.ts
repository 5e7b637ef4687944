import type { Flavor, Server, Share, World } from '../world.ts';

export interface NewServer {
  readonly name: string;
  readonly project: string;
  readonly user: string;
  readonly flavor: Flavor;
  readonly zone?: string | null;
  readonly metadata?: Record<string, string>;
  readonly description?: string | null;
  readonly tags?: string[];
  readonly reservation?: string;
  readonly launchIndex?: number;
  readonly created?: Date;
  readonly cell?: Server['cell'];
  readonly bootsFromVolume?: boolean;
  readonly shares?: number;
}

/** A server that is being built and has no host yet. */
export function newServer(world: World, wish: NewServer): Server {
  const created = wish.created ?? world.now();
  const number = world.next.server++;
  const server: Server = {
    id: world.chance.uuid(),
    number,
    project: wish.project,
    user: wish.user,
    flavor: wish.flavor,
    created,
    cell: wish.cell ?? world.cells[1] ?? world.cell0,
    reservation: wish.reservation ?? `r-${world.chance.letters(8).toLowerCase()}`,
    launchIndex: wish.launchIndex ?? 0,
    zone: wish.zone ?? null,
    bootsFromVolume: wish.bootsFromVolume ?? false,
    shares: Array.from({ length: wish.shares ?? 0 }, () => newShare(world)),
    hostname: wish.name.toLowerCase().replace(/[^a-z0-9-]+/g, '-'),
    name: wish.name,
    description: wish.description ?? null,
    host: null,
    allocation: null,
    vmState: 'building',
    taskState: 'scheduling',
    powerState: 0,
    progress: 0,
    updated: created,
    launched: null,
    terminated: null,
    lockedBy: null,
    lockedReason: null,
    metadata: wish.metadata ?? {},
    tags: wish.tags ?? [],
    fault: null,
    before: null,
    actions: [],
    migrations: [],
  };
  world.servers.set(server.id, server);
  world.tables.server(server);
  return server;
}

function newShare({ chance }: World): Share {
  const id = chance.uuid();
  return { share_id: id, status: 'active', tag: id };
}
