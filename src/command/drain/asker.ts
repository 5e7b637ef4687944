import type { Candidates, CloudReader, NeedsPlace, Room, Server } from '../../openstack/cloud.ts';
import type { HostName } from '../../openstack/names.ts';

/** Asks Placement once for all servers that want the same, and keeps what it told of the hosts. */
export interface Asker {
  candidates(server: Server): Promise<Candidates | null>;
  /** Of these hosts with who holds what, and of those it was told of before; empty where Placement cannot be asked. */
  rooms(hosts: readonly HostName[], needsPlace?: NeedsPlace): Promise<Room[]>;
}

export function asker(cloud: CloudReader): Asker {
  const asked = new Map<string, Promise<Candidates | null>>();
  return {
    candidates(server) {
      const { flavor, bootsFromVolume, host } = server;
      const key = JSON.stringify([flavor, bootsFromVolume, host]);
      const asking = asked.get(key) ?? cloud.candidates(server);
      asked.set(key, asking);
      return asking;
    },
    async rooms(hosts, needsPlace = () => true) {
      const told = (await Promise.all(asked.values())).flatMap((answer) => answer?.rooms ?? []);
      const rooms = hosts.length === 0 ? [] : ((await cloud.room(hosts, { told, needsPlace })) ?? []);
      return [...new Map([...told, ...rooms].map((room) => [room.host, room])).values()];
    },
  };
}
