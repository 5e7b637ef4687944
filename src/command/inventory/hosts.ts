import type { Block, Report } from '../../chat/report.ts';
import { text } from '../../chat/report.ts';
import type { Hypervisor, Service } from '../../openstack/cloud.ts';
import type { PlanContext } from '../command.ts';
import { unseenHosts } from '../resolve.ts';
import { count, cut, list, size } from '../words.ts';

const reasonWidth = 40;

/** Every compute host, with what it carries; a host whose cell is down is shown and named. */
export async function hostList({ cloud }: PlanContext): Promise<Report> {
  const [services, hypervisors] = await Promise.all([cloud.services({ binary: 'nova-compute' }), cloud.hypervisors()]);
  const sorted = services.toSorted((a, b) => a.host.localeCompare(b.host, 'en', { numeric: true }));
  const rows = sorted.map((service) =>
    rowOf(
      service,
      hypervisors.filter(({ host }) => host === service.host),
    ),
  );
  const warnings = warningsOf(sorted);
  return {
    title: titleOf(cloud.name, sorted),
    tone: warnings.length > 0 ? 'warn' : 'plain',
    blocks: [
      ...warnings,
      { kind: 'table', columns: ['host', 'zone', 'service', 'servers', 'vCPU', 'RAM', 'reason'], rows },
      ...(sorted.some(isCut) ? [text('A reason that ends in … is whole in `host NAME`.')] : []),
    ],
    footer: cloud.name,
  };
}

function titleOf(cloud: string, services: readonly Service[]): string {
  const disabled = services.filter(({ status }) => status === 'disabled').length;
  const down = services.filter(({ state }) => state === 'down').length;
  const lost = services.filter(({ status }) => status === 'unknown').length;
  const rest = [
    disabled > 0 ? `${disabled} disabled` : '',
    down > 0 ? `${down} down` : '',
    lost > 0 ? `${lost} not to be seen` : '',
  ].filter((words) => words !== '');
  return [`${cloud}: ${count(services.length, 'compute host')}`, ...rest].join(', ');
}

function rowOf(service: Service, hypervisors: readonly Hypervisor[]): string[] {
  const usages = hypervisors.flatMap(({ usage }) => (usage === null ? [] : [usage]));
  const sum = (of: (usage: (typeof usages)[number]) => number) => usages.reduce((total, usage) => total + of(usage), 0);
  const known = usages.length > 0;
  return [
    service.host,
    service.zone ?? '-',
    serviceWords(service),
    known ? String(sum(({ running }) => running)) : '-',
    known ? `${sum(({ vcpusUsed }) => vcpusUsed)} of ${sum(({ vcpus }) => vcpus)}` : '-',
    known ? `${size(sum(({ memoryMbUsed }) => memoryMbUsed))} of ${size(sum(({ memoryMb }) => memoryMb))}` : '-',
    cut(oneLine(service.disabledReason ?? ''), reasonWidth),
  ];
}

/** `enabled, up`; `disabled, up`; `enabled, forced down`. */
export function serviceWords({ status, state, forcedDown }: Service): string {
  if (status === 'unknown') return 'cell unreachable';
  return `${status}, ${forcedDown ? 'forced down' : state}`;
}

function warningsOf(services: readonly Service[]): Block[] {
  const unreachable = unseenHosts(services);
  if (unreachable.length === 0) return [];
  return [
    text(`A cell is unreachable: nothing is known of ${list(unreachable, 10)}; lists of servers are short of theirs.`),
  ];
}

function isCut({ disabledReason }: Service): boolean {
  return [...oneLine(disabledReason ?? '')].length > reasonWidth;
}

function oneLine(reason: string): string {
  return reason.replace(/\s+/g, ' ');
}
