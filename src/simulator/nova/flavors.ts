import { notFound } from '../fault.ts';
import type { Answer } from '../http.ts';
import type { Flavor } from '../world.ts';
import type { NovaContext } from './context.ts';

export function listFlavors(context: NovaContext): Answer {
  return {
    status: 200,
    body: { flavors: context.world.flavors.map((flavor) => ({ ...brief(context, flavor), ...described(context) })) },
  };
}

export function listFlavorsInDetail(context: NovaContext): Answer {
  return { status: 200, body: { flavors: context.world.flavors.map((flavor) => detail(context, flavor)) } };
}

export function showFlavor(context: NovaContext): Answer {
  return { status: 200, body: { flavor: detail(context, flavorOf(context)) } };
}

export function listExtraSpecs(context: NovaContext): Answer {
  return { status: 200, body: { extra_specs: flavorOf(context).extraSpecs } };
}

function flavorOf({ world, params }: NovaContext): Flavor {
  const flavor = world.flavors.find(({ id }) => id === params['id']);
  if (!flavor) throw notFound(`Flavor ${params['id']} could not be found.`);
  return flavor;
}

function brief({ base }: NovaContext, { id, name }: Flavor): Record<string, unknown> {
  const links = [
    { rel: 'self', href: `${base}/v2.1/flavors/${id}` },
    { rel: 'bookmark', href: `${base}/flavors/${id}` },
  ];
  return { id, name, links };
}

function described({ minor }: NovaContext): Record<string, unknown> {
  return minor >= 55 ? { description: null } : {};
}

function detail(context: NovaContext, flavor: Flavor): unknown {
  return {
    ...brief(context, flavor),
    ram: flavor.ram,
    disk: flavor.disk,
    swap: context.minor >= 75 ? 0 : '',
    'OS-FLV-EXT-DATA:ephemeral': 0,
    'OS-FLV-DISABLED:disabled': false,
    vcpus: flavor.vcpus,
    'os-flavor-access:is_public': true,
    rxtx_factor: 1.0,
    ...described(context),
    ...(context.minor >= 61 ? { extra_specs: flavor.extraSpecs } : {}),
  };
}
