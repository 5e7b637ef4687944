import type { Server, Version } from '../../openstack/cloud.ts';
import { count } from '../words.ts';

/** What flavor and image tie a server to, and what Nova makes of that when it shall move live. */
export interface Hardware {
  readonly facts: readonly string[];
  /** Why Nova refuses a live migration, known beforehand; null where it does not. */
  readonly refusal: string | null;
  /** Why it refuses to move it cold as well; null where it does not. */
  readonly cold: string | null;
  /** Why Nova refuses to evacuate it; null where it does not. */
  readonly evacuation: string | null;
}

interface Tie {
  readonly fact: string;
  readonly refusal?: string | undefined;
}

/**
 * Read from the flavor's extra specs and, from 2.98 on, the image's properties. What hangs on ports (SR-IOV, vDPA) is
 * Neutron's to know and is not seen here. `version` is the newest the cloud speaks: it tells its release. `shares` of
 * Manila's are attached to it, or null.
 */
export function hardwareOf({ flavor, imageProperties }: Server, version: Version, shares: number | null): Hardware {
  const said = (spec: string) => flavor.extraSpecs[spec] ?? imageProperties?.[spec.replace(':', '_')] ?? null;
  const minor = version.minor;
  const always = [mounts(shares), accelerator(said)];
  const live = [sev(said), tpm(said, minor), pci(said, minor), ...numa(said, minor), devices(said)];
  const found = [...always, ...live].flatMap((tie) => tie ?? []);
  return {
    facts: found.map(({ fact }) => fact),
    refusal: found.find(({ refusal }) => refusal !== undefined)?.refusal ?? null,
    cold: always.find((tie) => tie !== null)?.refusal ?? null,
    evacuation: evacuationRefusal(said, minor, shares),
  };
}

/** Their secrets and devices are bound to the host that died; from Wallaby on another one is asked for an accelerator. */
function evacuationRefusal(said: Said, minor: number, shares: number | null): string | null {
  if (shares) return 'it has Manila shares: Nova does not evacuate it';
  if (said('hw:tpm_version') !== null) return 'it has a vTPM: Nova does not evacuate it';
  if (said('accel:device_profile') === null || minor >= wallaby) return null;
  return 'it has an accelerator: before Wallaby Nova does not evacuate it';
}

type Said = (spec: string) => string | null;

const epoxy = 97;
const gazpacho = 101;
const wallaby = 88;
const train = 79;

function mounts(shares: number | null): Tie | null {
  if (!shares) return null;
  return { fact: count(shares, 'Manila share'), refusal: 'it has Manila shares: Nova moves it neither live nor cold' };
}

function sev(said: Said): Tie | null {
  if (!isTrue(said('hw:mem_encryption'))) return null;
  return { fact: 'encrypted memory (SEV)', refusal: 'its memory is encrypted (SEV): Nova never moves it live' };
}

function tpm(said: Said, minor: number): Tie | null {
  const version = said('hw:tpm_version');
  if (version === null) return null;
  const movable = said('hw:tpm_secret_security') === 'host' && minor >= gazpacho;
  return { fact: `vTPM ${version}`, refusal: movable ? undefined : 'it has a vTPM: Nova does not move it live' };
}

function accelerator(said: Said): Tie | null {
  const profile = said('accel:device_profile');
  if (profile === null) return null;
  const refusal = `it has an accelerator (${profile}): Nova moves it neither live nor cold`;
  return { fact: `accelerator ${profile}`, refusal };
}

/** From 2025.1 an alias may be marked live_migratable; only nova.conf tells which is. */
function pci(said: Said, minor: number): Tie | null {
  const alias = said('pci_passthrough:alias');
  if (alias === null) return null;
  if (minor < epoxy)
    return {
      fact: `PCI ${alias}`,
      refusal: `it has a PCI device (${alias}): before 2025.1 Nova does not move it live`,
    };
  return { fact: `PCI ${alias}, moved live only if nova.conf marks the alias live_migratable` };
}

function numa(said: Said, minor: number): Tie[] {
  const pages = said('hw:mem_page_size');
  const nodes = said('hw:numa_nodes');
  const facts = [
    said('hw:cpu_policy') === 'dedicated' ? 'pinned CPUs' : null,
    said('hw:cpu_policy') === 'mixed' ? 'CPUs partly pinned' : null,
    nodes === null ? null : `${nodes} NUMA ${nodes === '1' ? 'node' : 'nodes'}`,
    pages === null || pages === 'small' ? null : `memory pages ${pages}`,
  ];
  return facts.flatMap((fact): Tie[] => {
    if (fact === null) return [];
    return [{ fact, refusal: minor < train ? `${fact}: before Train Nova does not move it live` : undefined }];
  });
}

function devices(said: Said): Tie | null {
  const found = [
    said('resources:VGPU') === null ? null : 'vGPU',
    said('hw:pmem') === null ? null : `persistent memory ${said('hw:pmem')}`,
  ].filter((fact) => fact !== null);
  return found.length === 0 ? null : { fact: `${found.join(', ')}, moved live only between hosts that match` };
}

function isTrue(value: string | null): boolean {
  return value !== null && ['true', '1', 'yes', 'on', 't', 'y'].includes(value.toLowerCase());
}
