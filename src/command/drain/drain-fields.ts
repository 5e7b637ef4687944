import type { PlanRow } from '../plan.ts';
import { count, list, moment, size } from '../words.ts';
import { besideFields } from './beside.ts';
import { stateOf } from './host-lease.ts';
import type { Prediction } from './predict.ts';
import type { Reckoning } from './reckon.ts';
import type { Spare, Spares } from './spare.ts';
import type { Survey } from './survey.ts';

interface Planned {
  readonly rows: readonly (PlanRow & { readonly ram: number; readonly step: unknown })[];
  /** The asker's words. */
  readonly why: string;
  readonly until: Date | null;
  readonly prediction: Prediction | null;
  readonly spares: Spares;
}

/** What a drain's plan says above its rows: first what a chat with little room must show. */
export function drainFields(found: Survey, planned: Planned): [string, string][] {
  const { rows, why, until, prediction, spares } = planned;
  const { service, around } = found;
  const { host, zone } = service;
  const moving = rows.filter(({ step }) => step !== null);
  const ram = moving.reduce((sum, row) => sum + row.ram, 0);
  return [
    ['why', why],
    ['host', `${host}, ${stateOf(service)}${zone === null ? '' : `, zone ${zone}`}${aggregatesOf(found)}`],
    ['to move', `${count(moving.length, 'server')}, ${size(ram)} of memory`],
    ...owners(found),
    ['to where', `${count(around.others.length, 'other host')} up and enabled; Nova chooses`],
    ...meanwhile(found),
    ...(moving.length === 0
      ? []
      : [['time', prediction?.words ?? 'not known: too few moves here yet'] satisfies [string, string]]),
    ...spareField(spares),
    ...besideFields(found.beside),
    [
      'afterwards',
      `${host} stays disabled until \`maintenance ${host} off\`${until === null ? '' : `; end: ${moment(until)} (told then, not undone)`}`,
    ],
  ];
}

function aggregatesOf({ service, aggregates }: Survey): string {
  const names = aggregates.filter(({ hosts }) => hosts.includes(service.host)).map(({ name }) => name);
  return names.length === 0 ? '' : `, in ${list(names, 3)}`;
}

/** Their servers will be on the others, whatever Placement says of today. */
function meanwhile({ beingEmptied: { hosts, homeless } }: Survey): [string, string][] {
  if (hosts.length === 0) return [];
  const none = homeless.length === 0 ? '' : `; no room for ${list(homeless, 3)}`;
  return [
    ['meanwhile', `${list(hosts, 3)} ${hosts.length === 1 ? 'is' : 'are'} being emptied, too: reckoned first${none}`],
  ];
}

/** Where it does not hold is a warning of its own. */
function spareField({ all, unknown }: Spares): [string, string][] {
  const known = all.filter(({ holds }) => holds).map(({ words }) => words);
  const others = unknown.map((circle) => `not known: Placement does not tell of every host of ${circle}`);
  const words = [...known, ...others];
  return words.length === 0 ? [] : [['N-1', words.join('; ')]];
}

/** Whose servers they are, most first. */
function owners({ facts, projects }: Survey): [string, string][] {
  const counts = new Map<string, number>();
  for (const { server } of facts) counts.set(server.project, (counts.get(server.project) ?? 0) + 1);
  const most = [...counts].toSorted(([, a], [, b]) => b - a);
  if (most.length === 0) return [];
  return [
    [
      'owners',
      list(
        most.map(([project, number]) => `${projects.get(project) ?? project} ${number}`),
        8,
      ),
    ],
  ];
}

/** What people should know before they approve: where room runs out, and where no other host may fail afterwards. */
export function warnings(reckoning: Reckoning, spares: readonly Spare[]): string[] {
  return [...noRoomFor(reckoning), ...spares.filter(({ holds }) => !holds).map(({ words }) => `N-1: ${words}.`)];
}

export function noRoomFor({ homeless }: Reckoning): string[] {
  return homeless.length === 0 ? [] : [`By reckoning there is no room in the end for ${list(homeless, 5)}.`];
}
