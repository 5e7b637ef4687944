import { z } from 'zod';
import type { CloudConfig } from './config.ts';

const Endpoint = z.looseObject({
  interface: z.string(),
  url: z.string().nullish(),
  region: z.string().nullish(),
  region_id: z.string().nullish(),
});
export const Catalog = z.array(z.looseObject({ type: z.string(), endpoints: z.array(Endpoint) }));
export type Catalog = z.output<typeof Catalog>;

/** The exact type wins, then older names in this order. */
const aliases: Readonly<Record<string, readonly string[]>> = {
  compute: ['compute', 'computev21', 'compute_legacy'],
  placement: ['placement'],
  network: ['network'],
  volume: ['block-storage', 'volumev3'],
};

/** Where a service is, by interface and region; null where the catalog has none. An override in clouds.yaml wins. */
export function endpointOf(type: string, catalog: Catalog, config: CloudConfig): string | null {
  const override = config.endpointOverrides[type];
  if (override !== undefined) return override;
  const wanted = config.serviceInterfaces[type];
  const interfaces = wanted === undefined ? config.interfaces : [wanted];
  for (const name of aliases[type] ?? [type]) {
    const endpoints = catalog.filter((service) => service.type === name).flatMap((service) => service.endpoints);
    const here = endpoints.filter(
      ({ region, region_id }) => config.region === null || (region_id ?? region) === config.region,
    );
    for (const face of interfaces) {
      const url = here.find((endpoint) => endpoint.interface === face && endpoint.url)?.url;
      if (url) return url;
    }
  }
  return null;
}

/** The regions a catalog knows: what to type where the configured one is none of them. */
export function regionsOf(catalog: Catalog): string[] {
  const regions = catalog
    .flatMap((service) => service.endpoints)
    .map((endpoint) => endpoint.region_id ?? endpoint.region ?? '');
  return [...new Set(regions)].filter((region) => region !== '').sort();
}
