import type { Message, Reaction } from '../chat/message.ts';
import { hasEnded } from '../jobs/job.ts';
import { readJob } from '../jobs/store.ts';
import { personOf } from '../policy/policy.ts';
import type { DeskParts } from './desk.ts';

/**
 * The line that a mark on a card stands for. Null where it stands for none: people put marks on anything, so what is
 * not on a card of an open plan or on a line that calls for votes on it, or comes from somebody whom the policy does
 * not know, is no line and gets no answer.
 */
export async function markedLine(message: Message, mark: Reaction, parts: DeskParts): Promise<string | null> {
  if (personOf(parts.policy(), message.from.account) === null) return null;
  const { rows } = parts.database;
  const card = await rows
    .selectFrom('delivery')
    .select(['job', 'kind'])
    .where('place_id', '=', message.place.id)
    .where('handle', '=', mark.on)
    .where((where) => where.or([where('kind', 'in', ['card', 'headline']), where('delivery_key', 'like', 'call:%')]))
    .executeTakeFirst();
  const job = card === undefined || card.job === null ? null : await readJob(rows, card.job);
  if (job === null || job.kind !== 'change' || hasEnded(job.state)) return null;
  // The lines that call for votes are of a plan that waits; later they are only news.
  if (card?.kind !== 'card' && job.state !== 'awaiting') return null;
  if (!mark.withdrawn) return `${parts.prefix}${mark.choice} ${job.id}`;
  // A no has ended the plan: there is nothing left to take back.
  return mark.choice === 'approve' ? `${parts.prefix}approve ${job.id} --withdraw` : null;
}
