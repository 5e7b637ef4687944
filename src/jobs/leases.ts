import { text } from '../chat/report.ts';
import { canonical } from '../command/canonical.ts';
import type { Lease, LeaseReader, LeaseWriter } from '../command/lease.ts';
import type { Database, Rows, Work } from '../mysql/database.ts';
import type { Tables } from '../mysql/tables.ts';
import { audit } from '../policy/audit.ts';
import { insertNote } from './deliveries.ts';
import { type Job, PlaceRow } from './job.ts';
import { held } from './lease-words.ts';
import { dbNow, fence, type Owner } from './store.ts';

type LeaseRow = {
  [K in keyof Tables['lease']]: Tables['lease'][K] extends { __select__: infer S } ? S : Tables['lease'][K];
};

export function leaseReader(rows: Rows, cloud: string): LeaseReader {
  return {
    async find(kind, subject) {
      const row = await rows
        .selectFrom('lease')
        .selectAll()
        .where('kind', '=', kind)
        .where('cloud', '=', cloud)
        .where('subject', '=', subject)
        .executeTakeFirst();
      return row === undefined ? null : leaseOf(row);
    },
    async list(kind) {
      const found = await rows
        .selectFrom('lease')
        .selectAll()
        .where('kind', '=', kind)
        .where('cloud', '=', cloud)
        .orderBy('since')
        .execute();
      return found.map(leaseOf);
    },
  };
}

export function leaseWriter(database: Database, owner: Owner, job: Job): LeaseWriter {
  return {
    ...leaseReader(database.rows, job.cloud),
    async take({ kind, subject, reason, until, detail, undo }) {
      const fresh = {
        owner: job.human,
        reason,
        job: job.id,
        until,
        detail: canonical(detail),
        undo_line: undo,
        place: JSON.stringify(job.place),
        taken_at: dbNow,
        told: 0,
      };
      await database.transaction(async (rows) => {
        await fence(rows, owner);
        await rows
          .insertInto('lease')
          .values({ kind, cloud: job.cloud, subject, since: dbNow, ...fresh })
          .onDuplicateKeyUpdate(fresh)
          .execute();
        await audit(rows, {
          kind: 'lease',
          job: job.id,
          human: job.human,
          detail: { kind, subject, until: until?.toISOString() ?? null, reason },
        });
      });
    },
    async end(kind, subject) {
      await database.transaction(async (rows) => {
        await fence(rows, owner);
        await tellOwner(rows, job, await rowOf(rows, kind, job.cloud, subject));
        await rows
          .deleteFrom('lease')
          .where('kind', '=', kind)
          .where('cloud', '=', job.cloud)
          .where('subject', '=', subject)
          .execute();
        await audit(rows, { kind: 'lease ended', job: job.id, human: job.human, detail: { kind, subject } });
      });
    },
  };
}

function rowOf(rows: Work, kind: Lease['kind'], cloud: string, subject: string) {
  return rows
    .selectFrom('lease')
    .selectAll()
    .where('kind', '=', kind)
    .where('cloud', '=', cloud)
    .where('subject', '=', subject)
    .executeTakeFirst();
}

/** Whoever took it hears that another person ended it, unless the card stands before their eyes; once per job. */
async function tellOwner(rows: Work, job: Job, row: LeaseRow | undefined): Promise<void> {
  if (row === undefined || row.owner === job.human) return;
  const place = PlaceRow.parse(JSON.parse(row.place));
  if (place.id === job.place.id) return;
  const many = (job.plan?.size ?? 1) > 1;
  await insertNote(rows, {
    key: `ended:${job.id}:${row.owner}:${place.id}`.slice(0, 190),
    place,
    report: {
      title: `${row.owner}: ${job.human} ended ${many ? 'protections of yours' : held([leaseOf(row)])}`,
      tone: 'warn',
      blocks: [text(job.line)],
      footer: `${job.cloud} · ${job.id}`,
    },
  });
}

export function leaseOf(row: LeaseRow): Lease {
  return {
    kind: row.kind === 'host' ? 'host' : 'server',
    cloud: row.cloud,
    subject: row.subject,
    owner: row.owner,
    reason: row.reason,
    job: row.job,
    since: row.since,
    until: row.until,
    detail: JSON.parse(row.detail),
  };
}
