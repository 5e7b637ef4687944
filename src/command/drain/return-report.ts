import type { Report } from '../../chat/report.ts';
import type { EndedJob } from '../command.ts';
import { spokenDuration } from '../duration.ts';
import { backBlocks, backTitle } from './back.ts';

/** `return`: one line per server, what did not come back first. */
export function returnReport(job: EndedJob): Report {
  return {
    title: backTitle(job),
    tone: job.state === 'done' ? 'good' : 'warn',
    blocks: backBlocks(job),
    ...(job.state === 'done' ? {} : { replies: [{ label: 'Try again', line: job.line }] }),
    footer: `${job.cloud} · ${job.id} · ${spokenDuration(job.seconds * 1000)}`,
  };
}
