import { type Report, text } from '../../chat/report.ts';
import { leaseWords, type ServerLease } from '../protection.ts';
import { count, list } from '../words.ts';
import type { Drift } from './drift.ts';

/** One drift of one server, and who did it, where Nova knows. */
export interface Found {
  readonly drift: Drift;
  readonly by: string | null;
}

const titles: Readonly<Record<Exclude<Drift, 'no record'>, string>> = {
  deleted: 'is deleted',
  'being deleted': 'is being deleted: it can still be restored',
  'flag off': 'can be deleted: its flag was cleared, not by vigie',
  'lock gone': 'is no longer locked: vigie’s lock was taken off',
  'lock changed': 'is locked with another reason: not vigie’s lock any more',
};

/** What is told, once, when a protection is not as it was left. */
export function alarm(lease: ServerLease, found: readonly Found[]): Report {
  const { subject, cloud, owner, detail, job } = lease;
  const drifts = found.map(({ drift }) => drift);
  const over = drifts.includes('deleted');
  const what = drifts.flatMap((drift) => (drift === 'no record' ? [] : [titles[drift]])).join('; ');
  return {
    title: `${owner}: ${detail.name} ${what}`,
    tone: 'bad',
    blocks: [...found.map((one) => text(sourceOf(one))), text(`${detail.name} ${subject} was ${leaseWords(lease)}`)],
    replies: over
      ? [{ label: 'End the record', line: `unprotect ${subject} --cloud ${cloud}` }]
      : [{ label: 'Protect it again', line: againLine(lease) }],
    footer: `${cloud} · ${job}`,
  };
}

/** Flags that nobody will be reminded of: told together. */
export function unrecorded(cloud: string, names: readonly string[]): Report {
  return {
    title: `${count(names.length, 'server')} on ${cloud} ${names.length === 1 ? 'has' : 'have'} disable_terminate set, and no record of vigie`,
    tone: 'warn',
    blocks: [text(list(names, 10)), text('`protect SERVER --reason …` records one; nothing was changed')],
    replies: [{ label: 'All of them', line: `protected --cloud ${cloud}` }],
    footer: cloud,
  };
}

function sourceOf({ drift, by }: Found): string {
  if (by !== null) return by;
  return drift === 'flag off'
    ? 'no request to Nova clears it: somebody wrote into the database'
    : 'Nova has no record of who asked for it: perhaps by hand in the database';
}

/** The owner's own words stay; another person says why. */
function againLine({ subject, cloud, detail }: ServerLease): string {
  return `protect ${subject}${detail.lock === null ? '' : ' --lock'} --cloud ${cloud}`;
}
