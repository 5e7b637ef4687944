import { randomBytes } from 'node:crypto';
import { type Report, say } from '../chat/report.ts';
import { UserError } from '../chat/user-error.ts';
import { untilDate } from '../command/args.ts';
import type { NewSchedule } from '../command/desk.ts';
import { readZone } from '../command/window.ts';
import { nextSlots, readCron, wallClock } from '../jobs/cron.ts';
import type { StandingWish } from '../jobs/standing.ts';
import { dbNow } from '../jobs/store.ts';
import type { Sitting } from './desk.ts';
import { openJobs } from './open-jobs.ts';
import { personAt, record, work } from './person.ts';
import { type Line, savedLine } from './saved-line.ts';

/** A line to be said by the clock. One that only reads fires from now on; one that changes something once others approved its bounds. */
export async function addSchedule(sitting: Sitting, wish: NewSchedule): Promise<Report> {
  const cron = readCron(wish.cron);
  const zone = readZone(wish.zone);
  const owner = personAt(sitting);
  const { place } = sitting.message;
  const text = wish.line.startsWith(sitting.prefix) ? wish.line.slice(sitting.prefix.length) : wish.line;
  const policy = sitting.policy();
  const saying = { registry: sitting.registry, policy, place, account: owner.account, text };
  const { line, clouds } = await savedLine(sitting.rows, saying);
  const bounds = boundsWish(wish, line, sitting.message.at);
  const slots = nextSlots(cron, zone, sitting.message.at, 3);
  const id = await free(sitting);
  const bell =
    bounds === null ? null : await askStanding(sitting, line, clouds, { schedule: id, cron, zone, ...bounds });
  await work(sitting)
    .insertInto('schedule')
    .values({
      id,
      cron,
      zone,
      line: line.line,
      human: owner.human,
      account: owner.account,
      place: JSON.stringify(place),
      place_id: place.id,
      next_at: bounds === null ? (slots[0] ?? null) : null,
      bounds_job: bell,
      created_at: dbNow,
    })
    .execute();
  record(sitting, {
    kind: 'schedule',
    line: line.line,
    detail: { schedule: id, cron, zone, ...(bounds ?? {}), standing: bell },
  });
  return added({ id, line: line.line, zone, slots, asks: bell !== null });
}

function added(facts: { id: string; line: string; zone: string; slots: readonly Date[]; asks: boolean }): Report {
  const { id, line, zone, slots, asks } = facts;
  const title = asks
    ? `schedule ${id}: ${line} waits for its standing approval: its plan of today follows`
    : `schedule ${id}: ${line}`;
  const times = slots.map((slot) => wallClock(slot, zone)).join(' · ');
  return {
    title,
    tone: 'plain',
    blocks: [{ kind: 'fields', fields: [[asks ? 'then next' : 'next', times]] }],
    replies: [{ label: 'Remove', line: `schedule remove ${id}` }],
  };
}

/** Bounds belong to a line that changes something, and such a line has both. */
function boundsWish(wish: NewSchedule, line: Line, now: Date): Pick<StandingWish, 'max' | 'until'> | null {
  const { max, until } = wish;
  if (line.command.kind !== 'change') {
    if (max === null && until === null) return null;
    throw new UserError(`${line.name} changes nothing: leave out --max and --until`);
  }
  if (max === null || until === null)
    throw new UserError(
      `${line.name} changes something: say how much at most and until when, schedule add "${wish.cron}" --max 10 --until 30d ${line.line}`,
    );
  return { max, until: untilDate(until, now).toISOString() };
}

/** A job whose plan are the bounds: shown, approved and hashed as any other. */
async function askStanding(
  sitting: Sitting,
  line: Line,
  clouds: readonly string[],
  standing: StandingWish,
): Promise<string> {
  const { human, account } = personAt(sitting);
  const { message } = sitting;
  const policyHash = sitting.policy().hash;
  const schedule = standing.schedule;
  const asked = { message, line, clouds, human, account, policyHash, schedule, standing };
  const [bell] = await openJobs(work(sitting), asked);
  if (bell === undefined) throw new Error('no job was opened');
  sitting.rings.push(bell);
  return bell.id;
}

async function free(sitting: Sitting): Promise<string> {
  for (;;) {
    const id = randomBytes(2).toString('hex');
    const taken = await sitting.rows.selectFrom('schedule').select('id').where('id', '=', id).executeTakeFirst();
    if (taken === undefined) return id;
  }
}

export async function listSchedules(sitting: Sitting): Promise<Report> {
  const found = await sitting.rows.selectFrom('schedule').selectAll().orderBy('created_at').execute();
  if (found.length === 0) return say('nothing is scheduled; help schedule add shows how');
  const rows = found.map((row) => [
    row.id,
    `${row.cron} ${row.zone}`,
    row.line,
    row.human,
    row.place_id,
    nextWords(row),
  ]);
  return {
    title: `${found.length} ${found.length === 1 ? 'schedule' : 'schedules'}`,
    tone: 'plain',
    blocks: [{ kind: 'table', columns: ['schedule', 'when', 'line', 'by', 'in', 'next'], rows }],
  };
}

function nextWords(row: { paused: number; zone: string; next_at: Date | null; bounds_job: string | null }): string {
  if (Number(row.paused) === 1) return 'paused';
  if (row.next_at !== null) return wallClock(row.next_at, row.zone);
  return row.bounds_job === null ? 'never' : `once ${row.bounds_job} is approved`;
}
