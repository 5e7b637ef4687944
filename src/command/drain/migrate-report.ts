import { z } from 'zod';
import { type Report, text } from '../../chat/report.ts';
import type { EndedJob } from '../command.ts';
import { spokenDuration } from '../duration.ts';

const Went = z.object({ name: z.string().optional(), to: z.string().nullable(), seconds: z.number().optional() });

/** `migrate`: one server, where it is now and how that went. */
export function migrateReport(job: EndedJob): Report {
  const [step] = job.steps;
  const label = job.plan.rows[0]?.label ?? 'the server';
  const went = Went.safeParse(step?.output).data;
  const well = step?.state === 'done';
  const took = spokenDuration((went?.seconds ?? job.seconds) * 1000);
  return {
    title: well ? `${label} is on ${went?.to ?? 'another host'}` : `${label} was not moved`,
    tone: well ? 'good' : 'bad',
    blocks: [text(well ? `${step.note}; ${took}` : (step?.note ?? 'not begun'))],
    ...(well ? {} : { replies: [{ label: 'Try again', line: job.line }] }),
    footer: `${job.cloud} · ${job.id}`,
  };
}
