import { type Block, type Report, text } from '../chat/report.ts';
import { UserError } from '../chat/user-error.ts';
import type { Policy } from '../policy/policy.ts';
import { standingApproval } from '../policy/votes.ts';
import { riskOf } from './approved.ts';
import type { Job } from './job.ts';
import type { Planned } from './lifecycle.ts';
import { Bounds, boundsOf } from './standing.ts';
import type { Standing } from './standing-trust.ts';

/** The line's plan as it would be today, as an example, and the bounds as its only step: approving runs nothing. */
export function proposal(policy: Policy, job: Job, made: Planned): Planned {
  if (job.standing === null) return made;
  const { plan } = made;
  const risk = riskOf(made.risk);
  const firing = { schedule: job.schedule, line: job.line, cloud: job.cloud, human: job.human, slot: null, risk, plan };
  const bounds = boundsOf(job.standing, firing);
  if (plan.size > bounds.max)
    throw new UserError(`today it would touch ${plan.size}, more than --max ${bounds.max}: say schedule add with more`);
  const label = `let ${job.line} run by itself`;
  const step = { key: 'standing', step: 'standing', input: bounds, stage: 'standing', label };
  return {
    risk,
    plan: {
      title: `again and again: ${job.line}`,
      blocks: [
        shown(bounds),
        text('Approved once for every time within these bounds; outside them it asks and waits. As it would be now:'),
        ...plan.blocks,
      ],
      rows: plan.rows,
      stages: [{ name: 'standing', lanes: 1, onFailure: 'stop', always: false, until: 'all' }],
      steps: [step],
      claims: [],
      size: bounds.max,
    },
    approval: standingApproval(policy, { cloud: job.cloud, command: job.command, risk, size: bounds.max }),
  };
}

/** Inside its standing approval it is queued at once; outside it asks, whatever the policy asks of such a plan, and says why. */
export function bounded(made: Planned, standing: Standing): Planned {
  if (standing.inside) return { ...made, approval: { ...made.approval, standing: standing.approval } };
  const why = text(`outside its standing approval: ${standing.why}`);
  return {
    ...made,
    plan: { ...made.plan, blocks: [why, ...made.plan.blocks] },
    approval: { ...made.approval, votes: Math.max(1, made.approval.votes) },
  };
}

export function granted(job: Job): Report {
  const bounds = Bounds.safeParse(job.plan?.steps[0]?.input);
  return {
    title: `${job.line} runs by itself from now on, within its bounds`,
    tone: 'good',
    blocks: bounds.success ? [shown(bounds.data)] : [],
    replies: [
      { label: 'Pause', line: `schedule pause ${job.schedule ?? ''}` },
      { label: 'Remove', line: `schedule remove ${job.schedule ?? ''}` },
    ],
  };
}

function shown(bounds: Bounds): Block {
  const acts = bounds.acts.map(({ verdict }) => verdict).join(', ');
  return {
    kind: 'fields',
    fields: [
      ['when', `${bounds.cron} (${bounds.zone}), until ${bounds.until.slice(0, 16).replace('T', ' ')} UTC`],
      ['line', bounds.line],
      ['cloud', bounds.cloud],
      ['holds', bounds.subjects.filter((one) => !one.startsWith('server:')).join(', ') || bounds.subjects.join(', ')],
      ['at most', `${bounds.max} at a time, ${bounds.risk}`],
      ['may do', acts === '' ? bounds.steps.join(', ') : acts],
    ],
  };
}
