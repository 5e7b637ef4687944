import { isUp, lastSeen, services, zoneOf } from '../hosts.ts';
import type { Answer } from '../http.ts';
import { stamp } from '../json.ts';
import type { Service } from '../world.ts';
import { type NovaContext, requireAdmin } from './context.ts';

export function listZones(context: NovaContext): Answer {
  const { world } = context;
  const enabled = new Set(
    [...world.hosts.values()].filter(({ service }) => !service.disabled).map(({ name }) => zoneOf(world, name)),
  );
  const all = new Set([...world.hosts.keys()].map((name) => zoneOf(world, name)));
  const zone = (zoneName: string, available: boolean) => ({ zoneName, zoneState: { available }, hosts: null });
  const shut = [...all].filter((name) => !enabled.has(name));
  return {
    status: 200,
    body: {
      availabilityZoneInfo: [...[...enabled].map((name) => zone(name, true)), ...shut.map((name) => zone(name, false))],
    },
  };
}

/** The zones with their hosts. A disabled service is left out, so a disabled host vanishes from its zone. */
export function listZonesInDetail(context: NovaContext): Answer {
  requireAdmin(context, 'os-availability-zone:detail');
  const { world } = context;
  const zones = new Map<string, Record<string, Record<string, unknown>>>();
  for (const service of services(world).filter(({ disabled }) => !disabled)) {
    const name = service.binary === 'nova-compute' ? zoneOf(world, service.host) : 'internal';
    const hosts = zones.get(name) ?? {};
    hosts[service.host] = { ...hosts[service.host], [service.binary]: state(context, service) };
    zones.set(name, hosts);
  }
  const rows = [...zones].map(([zoneName, hosts]) => ({ zoneName, zoneState: { available: true }, hosts }));
  return { status: 200, body: { availabilityZoneInfo: rows } };
}

function state({ world }: NovaContext, service: Service): unknown {
  return { available: isUp(world, service), active: true, updated_at: stamp(lastSeen(world, service)) };
}
