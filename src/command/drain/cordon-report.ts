import { type Report, text } from '../../chat/report.ts';
import type { EndedJob } from '../command.ts';
import { backBlocks, backTitle } from './back.ts';
import { hooksTold, hostOf, lineFor } from './drain-report.ts';

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

/** `enable` and `maintenance H off`, with what came back. */
export function restoreReport(job: EndedJob): Report {
  const host = hostOf(job);
  const step = job.steps.find(({ step: name }) => name === 'restore');
  const stopped = job.steps.find(
    ({ key, step: name, state }) => (['up', 'ready'].includes(name) || key.startsWith('hook:work:')) && !isWell(state),
  );
  const well = step !== undefined && isWell(step.state);
  const moves = job.steps.filter(({ step: name }) => name === 'move');
  const all = moves.every(({ state }) => state === 'done');
  const back = well && moves.length > 0 ? `; ${backTitle(job)}` : '';
  const note = stopped?.note ?? step?.note ?? '';
  return {
    title: well ? `${host}: maintenance is over${back}` : `${host} was left as it is`,
    tone: !well ? 'bad' : all ? 'good' : 'warn',
    blocks: [text(`${host} ${note}`.trim()), ...hooksTold(job).map(text), ...(well ? backBlocks(job) : [])],
    footer: `${job.cloud} · ${job.id}`,
  };
}

function isWell(state: string): boolean {
  return state === 'done' || state === 'gone';
}
