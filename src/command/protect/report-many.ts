import { type Report, text } from '../../chat/report.ts';
import type { EndedJob, EndedStep } from '../command.ts';
import { count } from '../words.ts';

/** Rows up to which a report is read as it is; longer ones are a file, too. */
const readable = 10;

/** `protect --project …`: how many, which not and why, and the line that ends all of them. */
export function protectManyReport(job: EndedJob): Report {
  const servers = serversOf(job);
  const flagged = servers.filter(({ steps }) => steps.some(({ step, state }) => step === 'flag' && state === 'done'));
  const whole = job.state === 'done';
  const undo = { label: 'Unprotect them', line: `unprotect --job ${job.id} --cloud ${job.cloud}` };
  return {
    title: `${flagged.length} of ${count(servers.length, 'server')} ${flagged.length === 1 ? 'is' : 'are'} protected`,
    tone: whole ? 'good' : flagged.length > 0 ? 'warn' : 'bad',
    blocks: [
      tableOf(servers),
      ...(flagged.length > 0
        ? [text('A delete is answered with success and does nothing; whoever waits for it to be gone waits in vain.')]
        : []),
      ...leftAlone(job),
    ],
    ...(servers.length > readable ? { file: true as const } : {}),
    ...(flagged.length > 0 ? { replies: [undo] } : {}),
    footer: `${job.cloud} · ${job.id}`,
  };
}

export function unprotectManyReport(job: EndedJob): Report {
  const servers = serversOf(job);
  const ended = servers.filter(({ steps }) => steps.some(({ step, state }) => step === 'forget' && state === 'done'));
  const whole = job.state === 'done';
  return {
    title: `${ended.length} of ${count(servers.length, 'server')} ${ended.length === 1 ? 'is' : 'are'} no longer protected by vigie`,
    tone: whole ? 'good' : 'bad',
    blocks: [tableOf(servers), ...leftAlone(job)],
    ...(servers.length > readable ? { file: true as const } : {}),
    ...(whole ? {} : { replies: [{ label: 'Again', line: job.line }] }),
    footer: `${job.cloud} · ${job.id}`,
  };
}

interface OfServer {
  readonly label: string;
  readonly steps: readonly EndedStep[];
}

function serversOf({ plan, steps }: EndedJob): OfServer[] {
  const ids = [...new Set(plan.steps.map(({ key }) => idIn(key)))];
  return ids.map((id) => ({
    label: plan.rows.find(({ key }) => idIn(key) === id)?.label ?? id,
    steps: steps.filter(({ key }) => idIn(key) === id),
  }));
}

function idIn(key: string): string {
  return key.slice(key.indexOf(':') + 1);
}

/** What went wrong comes first. */
function tableOf(servers: readonly OfServer[]): Report['blocks'][number] {
  const rows = servers.map(({ label, steps }) => {
    const wrong = steps.filter(({ state }) => !['done', 'gone'].includes(state));
    const said = (wrong.length > 0 ? wrong : steps.filter(({ step }) => step !== 'record' && step !== 'forget')).map(
      ({ step, note, state }) => `${step}: ${note === '' ? state : note}`,
    );
    return { wrong: wrong.length > 0, row: [label, said.join('; ')] };
  });
  const sorted = [...rows.filter(({ wrong }) => wrong), ...rows.filter(({ wrong }) => !wrong)];
  return { kind: 'table', columns: ['server', ''], rows: sorted.map(({ row }) => row) };
}

function leftAlone({ plan }: EndedJob): Report['blocks'] {
  const left = new Set(plan.steps.map(({ key }) => idIn(key)));
  const rows = plan.rows.filter(({ key }) => !left.has(idIn(key)));
  return rows.length === 0
    ? []
    : [
        {
          kind: 'table',
          columns: ['not touched', 'how', 'why'],
          rows: rows.map((row) => [row.label, row.verdict, row.why]),
        },
      ];
}
