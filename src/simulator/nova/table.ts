import { notFound } from '../fault.ts';
import { type Route, route } from '../routes.ts';
import { serverAction } from './actions.ts';
import * as aggregates from './aggregates.ts';
import type { NovaContext } from './context.ts';
import * as details from './details.ts';
import * as flavors from './flavors.ts';
import * as groups from './groups.ts';
import * as hypervisors from './hypervisors.ts';
import { listActions, showAction } from './instance-actions.ts';
import { createServer, deleteServer } from './lifecycle.ts';
import * as migrations from './migrations.ts';
import * as hosts from './os-hosts.ts';
import * as quotas from './quotas.ts';
import { listServers, listServersInDetail } from './server-list.ts';
import * as services from './services.ts';
import { listZones, listZonesInDetail } from './zones.ts';

function gone(): never {
  throw notFound();
}

/** Everything nova answers here, with the microversions that know it. */
export const routes: readonly Route<NovaContext>[] = [
  route('GET /servers', listServers),
  route('POST /servers', createServer),
  route('GET /servers/detail', listServersInDetail),
  route('GET /servers/:id', details.showServer),
  route('PUT /servers/:id', details.renameServer),
  route('DELETE /servers/:id', deleteServer),
  route('POST /servers/:id/action', serverAction),
  route('GET /servers/:id/metadata', details.listMetadata),
  route('POST /servers/:id/metadata', details.writeMetadata),
  route('PUT /servers/:id/metadata', details.writeMetadata),
  route('DELETE /servers/:id/metadata/:key', details.deleteMetadata),
  route('GET /servers/:id/tags', details.listTags, { min: 26 }),
  route('PUT /servers/:id/tags', details.replaceTags, { min: 26 }),
  route('PUT /servers/:id/tags/:tag', details.addTag, { min: 26 }),
  route('DELETE /servers/:id/tags/:tag', details.removeTag, { min: 26 }),
  route('GET /servers/:id/shares', details.listShares, { min: 97 }),
  route('GET /servers/:id/os-instance-actions', listActions),
  route('GET /servers/:id/os-instance-actions/:request', showAction),
  route('GET /servers/:id/migrations', migrations.listServerMigrations, { min: 23 }),
  route('GET /servers/:id/migrations/:migration', migrations.showServerMigration, { min: 23 }),
  route('DELETE /servers/:id/migrations/:migration', migrations.abortMigration, { min: 24 }),
  route('POST /servers/:id/migrations/:migration/action', migrations.forceComplete, { min: 22 }),
  route('GET /os-migrations', migrations.listMigrations),
  route('GET /os-services', services.listServices),
  route('PUT /os-services/:id', services.updateServiceOld, { max: 52 }),
  route('PUT /os-services/:id', services.updateService, { min: 53 }),
  route('DELETE /os-services/:id', services.deleteService),
  route('GET /os-hypervisors', hypervisors.listHypervisors),
  route('GET /os-hypervisors/detail', hypervisors.listHypervisorsInDetail),
  route('GET /os-hypervisors/statistics', hypervisors.statistics, { max: 87 }),
  route('GET /os-hypervisors/statistics', gone, { min: 88 }),
  route('GET /os-hypervisors/:id', hypervisors.showHypervisor),
  route('GET /os-hypervisors/:id/uptime', hypervisors.uptime, { max: 87 }),
  route('GET /os-hypervisors/:id/servers', hypervisors.serversByPattern, { max: 52 }),
  route('GET /os-hypervisors/:id/search', hypervisors.search, { max: 52 }),
  route('GET /os-hosts', hosts.listHosts, { max: 42 }),
  route('GET /os-hosts/:id', hosts.showHost, { max: 42 }),
  route('PUT /os-hosts/:id', hosts.updateHost, { max: 42 }),
  route('GET /os-hosts/:id/:verb', hosts.powerHost, { max: 42 }),
  route('GET /os-aggregates', aggregates.listAggregates),
  route('POST /os-aggregates', aggregates.createAggregate),
  route('GET /os-aggregates/:id', aggregates.showAggregate),
  route('PUT /os-aggregates/:id', aggregates.updateAggregate),
  route('DELETE /os-aggregates/:id', aggregates.deleteAggregate),
  route('POST /os-aggregates/:id/action', aggregates.aggregateAction),
  route('GET /os-availability-zone', listZones),
  route('GET /os-availability-zone/detail', listZonesInDetail),
  route('GET /limits', quotas.limits),
  route('GET /os-quota-sets/:id', quotas.showQuota),
  route('GET /os-quota-sets/:id/detail', quotas.showQuotaInDetail),
  route('GET /os-quota-sets/:id/defaults', quotas.showDefaults),
  route('PUT /os-quota-sets/:id', quotas.updateQuota),
  route('GET /os-simple-tenant-usage', quotas.tenantUsage),
  route('GET /flavors', flavors.listFlavors),
  route('GET /flavors/detail', flavors.listFlavorsInDetail),
  route('GET /flavors/:id', flavors.showFlavor),
  route('GET /flavors/:id/os-extra_specs', flavors.listExtraSpecs),
  route('GET /os-server-groups', groups.listGroups),
  route('POST /os-server-groups', groups.createGroup),
  route('GET /os-server-groups/:id', groups.showGroup),
  route('DELETE /os-server-groups/:id', groups.deleteGroup),
];
