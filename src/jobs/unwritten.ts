import type { Adapter, Message } from '../chat/message.ts';
import type { Report } from '../chat/report.ts';
import type { Log } from '../log.ts';
import type { Question } from './asked.ts';
import { withPrefix } from './utterance.ts';

interface UnwrittenParts {
  readonly adapter: Adapter;
  readonly prefix: string;
  readonly log: Log;
  readonly question: Question;
}

/** Says an answer that has no row. What could not be said is lost: it had no effect, and who asked asks again. */
export async function sayUnwritten(parts: UnwrittenParts, message: Message, report: Report): Promise<void> {
  const { adapter, prefix, log, question } = parts;
  const alone = message.from.account ?? message.from.at;
  await question.turn();
  try {
    const said = adapter.post(message.place, withPrefix(report, prefix), {
      key: `now:${message.key}`,
      weight: 'answer',
      ...(alone === undefined ? {} : { aside: alone }),
      ...(message.replyTo === undefined ? {} : { replyTo: message.replyTo }),
    });
    question.over();
    await said;
  } catch (error) {
    log.warn({ err: error, place: message.place.id }, 'an answer without a row could not be said');
  }
}
