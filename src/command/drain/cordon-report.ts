import { type Report, text } from '../../chat/report.ts';
import type { EndedJob } from '../command.ts';
import { hostOf, lineFor } from './drain-report.ts';

/** `disable`: one step, and the line that undoes it. */
export function cordonReport(job: EndedJob): Report {
  const host = hostOf(job);
  const [step] = job.steps;
  const done = step?.state === 'done';
  return {
    title: done ? `${host} takes no new servers` : `${host} was not disabled`,
    tone: done ? 'good' : 'bad',
    blocks: [text(`${host} ${step?.note ?? ''}`.trim())],
    ...(done ? { replies: [{ label: `Enable ${host} again`, line: lineFor(job, `enable ${host}`) }] } : {}),
    footer: `${job.cloud} · ${job.id}`,
  };
}

/** `enable` and `maintenance H off`. */
export function restoreReport(job: EndedJob): Report {
  const host = hostOf(job);
  const [step] = job.steps;
  const well = step?.state === 'done' || step?.state === 'gone';
  return {
    title: well ? `${host}: maintenance is over` : `${host} was left as it is`,
    tone: well ? 'good' : 'bad',
    blocks: [text(`${host} ${step?.note ?? ''}`.trim())],
    footer: `${job.cloud} · ${job.id}`,
  };
}
