import type { Place } from '../chat/message.ts';
import type { Report } from '../chat/report.ts';
import type { Database } from '../mysql/database.ts';
import { type CardFacts, cardOf } from './card.ts';
import { insertNote } from './deliveries.ts';
import { hasEnded } from './job.ts';

type Moment = 'waiting' | 'started' | 'ended';

/** Where a card stands in a thread: what the whole place must see of it, each once, however late it is noticed. */
export async function insertHeadlines(
  database: Database,
  facts: CardFacts,
  { place, thread }: { readonly place: Place; readonly thread: string },
): Promise<void> {
  const { thread: _, ...whole } = place;
  const headlines = headlinesOf(facts);
  if (headlines.length === 0) return;
  await database.transaction(async (rows) => {
    for (const { moment, report } of headlines)
      await insertNote(rows, {
        key: `headline:${facts.job.id}:${moment}:${place.id}`.slice(0, 190),
        place: whole,
        report,
        job: facts.job.id,
        replyTo: thread,
        headline: true,
      });
  });
}

/** A plan that waits for a vote, its start, and the end of whatever changes something. */
function headlinesOf(facts: CardFacts): { readonly moment: Moment; readonly report: Report }[] {
  const { job } = facts;
  if (job.kind !== 'change') return [];
  const title = job.title ?? job.line;
  const asked =
    (job.approval?.votes ?? 0) > 0 && job.approval?.standing === undefined && (job.plan?.steps.length ?? 0) > 0;
  const ended = hasEnded(job.state);
  const waiting = line(facts, `${title}: waits for approval`, 'warn');
  const calls = job.state === 'awaiting' ? (job.approval?.call ?? []) : [];
  return [
    ...(asked
      ? [{ moment: 'waiting' as const, report: { ...waiting, ...(calls.length === 0 ? {} : { calls }) } }]
      : []),
    ...(job.started_at !== null && (asked || !ended)
      ? [{ moment: 'started' as const, report: line(facts, `${title}: started`, 'plain') }]
      : []),
    ...(ended ? [{ moment: 'ended' as const, report: line(facts, cardOf(facts).title, cardOf(facts).tone) }] : []),
  ];
}

function line({ job }: CardFacts, title: string, tone: Report['tone']): Report {
  return { title, tone, blocks: [], footer: `${job.id} · ${job.cloud} · asked by ${job.human}` };
}
