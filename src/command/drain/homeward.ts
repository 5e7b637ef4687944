import { UserError } from '../../chat/user-error.ts';
import type { Server, Service } from '../../openstack/cloud.ts';
import { type HostName, ServerId } from '../../openstack/names.ts';
import type { PlanContext } from '../command.ts';
import type { PlannedStep, PlanRow } from '../plan.ts';
import type { HostDetail } from './host-lease.ts';
import { judge, type ServerFacts, type Surroundings } from './judge.ts';
import { serverOrNull } from './look.ts';
import type { MoveInput } from './move-intent.ts';
import { reckon } from './reckon.ts';
import { groupsOf, inBatches, readFacts } from './server-facts.ts';

/** The way back of what was moved off a host. */
export interface Homeward {
  readonly rows: PlanRow[];
  readonly steps: (PlannedStep & { step: 'move' })[];
  readonly claims: string[];
  /** Moves at a time. */
  readonly lanes: number;
}

type Moved = HostDetail['moved'][number];
type Found = { readonly moved: Moved; readonly server: Server | null };

/**
 * Back to `home`, as if it were open: only what vigie itself moved, and only from where it put it. Who was moved on, deleted
 * or has come back by another hand since stays as it is, and is told.
 */
export async function homeward(home: Service, moved: readonly Moved[], context: PlanContext): Promise<Homeward> {
  const { cloud } = context;
  const { minor } = (await cloud.about()).computeVersion;
  if (minor < 56)
    throw new UserError(`${cloud.name} speaks 2.${minor}: before 2.56 servers cannot be sent to a host that is named`);
  const ours = moved.filter(({ how }) => ['live', 'cold', 'evacuated'].includes(how));
  const found = await inBatches(ours, async (one): Promise<Found> => {
    const id = ServerId.safeParse(one.server).data;
    return { moved: one, server: id === undefined ? null : await serverOrNull(cloud, id) };
  });
  const stays = found.flatMap((one) => stayRow(one, home.host) ?? []);
  const back = found.flatMap((one) => (one.server !== null && stayRow(one, home.host) === null ? [one.server] : []));
  const open: Service = { ...home, status: 'enabled', state: 'up' };
  const { facts } = await readFacts(back, true, context);
  const groups = await groupsOf(back, back.length === 0 ? [] : await cloud.serverGroups(), cloud);
  const going = facts.map((one) => returning(one, { host: home.host, others: [open], block: 'auto', ...groups }));
  const rooms = back.length === 0 ? [] : ((await cloud.room([home.host])) ?? []);
  const movable = facts
    .filter((_, index) => going[index]?.step !== null)
    .map((one) => ({ ...one, candidates: [home.host] }));
  const { notes } = reckon(movable, rooms, { host: home.host, others: [open], block: 'auto', ...groups });
  return {
    rows: [...going.map(({ row }) => noted(row, notes)), ...stays],
    steps: going.flatMap(({ step }) => step ?? []),
    claims: going.flatMap(({ step }) => (step === null ? [] : [step.key.replace('move:', `server:${cloud.name}/`)])),
    lanes: minor < 65 ? 1 : cloud.settings.lanes,
  };
}

function stayRow({ moved: { server: id, name, to }, server }: Found, home: HostName): PlanRow | null {
  const skip = (why: string): PlanRow => ({ key: `move:${id}`, verdict: 'skip', weight: 0, label: name, why });
  if (server === null) return skip('was deleted meanwhile');
  if (server.host === home) return skip('is there already');
  if (server.host !== to) return skip(`is on ${server.host ?? 'no host'} now, by another hand: stays there`);
  return null;
}

interface Going {
  readonly row: PlanRow;
  readonly step: Homeward['steps'][number] | null;
}

/** Judged from where it is; Placement counts the closed host out, so room is reckoned apart. */
function returning(facts: ServerFacts, { host: home, ...rest }: Surroundings): Going {
  const { server } = facts;
  const from = server.host ?? home;
  const { verdict, weight, how, interrupts, why } = judge({ ...facts, candidates: [home] }, { ...rest, host: from });
  const key = `move:${server.id}`;
  const row = { key, verdict, weight, label: `${server.name} (on ${from})`, why };
  if (how === null) return { row, step: null };
  const window = facts.wish?.binds === true ? facts.wish.window?.words : undefined;
  const bounds = { ...(interrupts && { interrupts: true as const }), ...(window !== undefined && { window }) };
  const input: MoveInput = { server: server.id, from, how, block: 'auto', to: home, ...bounds };
  const group = rest.groups.find(({ members }) => members.includes(server.id));
  const turn = group === undefined ? {} : { turn: `group:${group.id}` };
  const label = `move ${server.name} ${how} back to ${home}`;
  return { row, step: { key, step: 'move', input, stage: 'back', label, ...turn } };
}

function noted(row: PlanRow, notes: ReadonlyMap<string, string>): PlanRow {
  const note = notes.get(row.key.replace('move:', '')) ?? '';
  // One host only: that it fits there needs no saying.
  const said = note.startsWith('fits') ? '' : note;
  return { ...row, why: [row.why, said].filter((part) => part !== '').join('; ') };
}
