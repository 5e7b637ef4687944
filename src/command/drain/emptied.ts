import type { Service } from '../../openstack/cloud.ts';
import { spread } from './packing.ts';
import { type Neighbours, serversOf } from './spare.ts';

/** Hosts as they will stand once others of them have been emptied, and what found no room by then. */
export interface Ahead extends Neighbours {
  readonly homeless: readonly string[];
}

/** The host is empty: its servers are on the others of its zone that are up and enabled, each where most memory is free. */
export function without({ others, aggregates, rooms, homeless }: Ahead, { host, zone }: Service): Ahead {
  const left = others.filter((other) => other.host !== host);
  const takers = new Set(left.filter((other) => other.zone === zone).map((other) => other.host));
  const leaving = rooms.find((room) => room.host === host)?.consumers ?? [];
  const filled = spread(
    leaving,
    rooms.filter((room) => takers.has(room.host)),
  );
  const untouched = rooms.filter((room) => room.host !== host && !takers.has(room.host));
  return {
    others: left,
    aggregates,
    rooms: [...filled.rooms, ...untouched],
    homeless: [...homeless, ...filled.homeless.map(serversOf)],
  };
}
