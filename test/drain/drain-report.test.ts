import { expect, test } from 'vitest';
import type { EndedJob, EndedStep } from '../../src/command/command.ts';
import { drainReport } from '../../src/command/drain/drain-report.ts';
import { evacuateReport } from '../../src/command/evacuate/evacuate-report.ts';
import { serverId } from './things.ts';

const [second, third, fourth] = ['2', '3', '4'].map((digit) => `${digit}${serverId.slice(1)}`);

function aStep(facts: Partial<EndedStep> & Pick<EndedStep, 'key' | 'step'>): EndedStep {
  return {
    label: '',
    state: 'done',
    note: '',
    input: { host: 'cmp1' },
    output: null,
    checkpoint: null,
    seconds: 1,
    ...facts,
  };
}

function aJob(steps: readonly EndedStep[], names: Readonly<Record<string, string>>, verdict = 'live'): EndedJob {
  const rows = Object.entries(names).map(([id, label]) => ({ key: `move:${id}`, verdict, weight: 2, label, why: '' }));
  const plan = { title: '', blocks: [], rows, stages: [], steps: [], claims: [], size: 1 };
  return { id: '7f3a', state: 'partial', line: 'maintenance cmp1', cloud: 'demo', plan, steps, seconds: 60 };
}

function proven(...left: readonly { server: string | undefined; name: string; why: string }[]): EndedStep {
  const all = left.map((one) => ({ ...one, server: one.server ?? '', status: 'ACTIVE' }));
  return aStep({ key: 'proof:cmp1', step: 'proof', state: 'failed', output: { left: all, doubts: [], looked: [] } });
}

const cordoned = aStep({ key: 'cordon:cmp1', step: 'cordon', note: 'disabled, read back' });
const arrived = 'arrived after the plan was made';

function stillThere(job: EndedJob): string[] {
  const texts = drainReport(job).blocks.flatMap((block) => (block.kind === 'text' ? [block.text] : []));
  return texts.filter((text) => text.startsWith('Still on'));
}

test('who moved and is back on the host is named, whatever its row says', () => {
  const moved = aStep({ key: `move:${serverId}`, step: 'move', note: 'moved live to cmp2' });
  const proof = proven({ server: serverId, name: 'db3', why: moved.note });
  expect(stillThere(aJob([cordoned, moved, proof], { [serverId]: 'db3 (8 GB)' }))).toEqual([
    `Still on cmp1: db3 ACTIVE (${serverId}).`,
  ]);
});

test('of two that came with one name, the one that nobody was asked about is named; who was left knowingly, once', () => {
  const over = (server: string | undefined, name: string, state: string) => ({
    server,
    name,
    state,
    note: '',
    output: null,
  });
  const newcomers = aStep({
    key: 'newcomers:cmp1',
    step: 'newcomers',
    output: JSON.parse(JSON.stringify({ newcomers: [over(second, 'late', 'done'), over(fourth, 'known', 'blocked')] })),
  });
  const proof = proven({ server: third, name: 'late', why: arrived }, { server: fourth, name: 'known', why: arrived });
  expect(stillThere(aJob([cordoned, newcomers, proof], {}))).toEqual([
    `Still on cmp1: late ACTIVE, ${arrived} (${third}).`,
  ]);
});

test('why the others were not tried is told once, by whom, and not of a drain that was cancelled', () => {
  const note = 'all of the first 3 failed: the others were not tried (bob)';
  const gate = aStep({ key: 'gate', step: 'gate', state: 'blocked', note });
  const job = aJob([cordoned, gate, proven()], {});
  const stopped = (ended: EndedJob) => JSON.stringify(drainReport(ended).blocks).match(/Stopped: [^"]*/)?.[0];
  expect(stopped(job)).toBe(`Stopped: ${note}.`);
  expect(stopped({ ...job, state: 'cancelled' })).toBeUndefined();
  expect(stopped(aJob([cordoned, { ...gate, state: 'done' }, proven()], {}))).toBeUndefined();
  expect(stopped(aJob([{ ...cordoned, state: 'failed' }, gate], {}))).toBeUndefined();
});

test('every one is named, however many came', () => {
  const came = Array.from({ length: 40 }, (_, n) => ({ server: `id-${n}`, name: `late-${n}`, why: arrived }));
  const [words = ''] = stillThere(aJob([cordoned, proven(...came)], {}));
  for (const { server } of came) expect(words).toContain(`(${server})`);
});

test('a rebuild that failed says in its row whether the disk is lost', () => {
  const failed = aStep({ key: `move:${serverId}`, step: 'evacuate', state: 'failed', note: 'no host takes it' });
  const [steps] = evacuateReport(aJob([cordoned, failed], { [serverId]: 'db3' }, 'DISK LOST')).blocks;
  expect(steps).toEqual({
    kind: 'steps',
    steps: [{ label: `db3 ${serverId}`, state: 'failed', note: 'DISK LOST; no host takes it' }],
  });
});

test('a table of more than ten is a file with what a ticket needs; who did not leave has its id beside it', () => {
  const ids = Array.from({ length: 12 }, (_, n) => `${String(n).padStart(2, '0')}${serverId.slice(2)}`);
  const [first = '', ...rest] = ids;
  const moves = rest.map((id) => {
    const output = { name: 'db', to: 'cmp2', how: 'live', seconds: 3 };
    return aStep({ key: `move:${id}`, step: 'move', output, note: 'moved live to cmp2' });
  });
  const stays = aStep({ key: `move:${first}`, step: 'move', state: 'failed', note: 'no host takes it' });
  const job = aJob([cordoned, stays, ...moves], Object.fromEntries(ids.map((id) => [id, 'db (8 GB)'])));
  const owned = {
    ...job,
    plan: { ...job.plan, rows: job.plan.rows.map((row) => ({ ...row, name: 'db', project: 'alpha' })) },
  };
  const { file, blocks } = drainReport(owned);
  expect(blocks[0]).toMatchObject({
    kind: 'steps',
    steps: [{ label: `db (8 GB) ${first}`, note: 'no host takes it' }],
  });
  if (file === undefined || file === true) throw new Error('no table');
  expect(file.columns).toEqual(['server', 'id', 'project', 'from', 'to', 'how', 'seconds', 'state', 'note']);
  const left = file.rows.find(([, id]) => id === first);
  expect(left).toEqual(['db', first, 'alpha', 'cmp1', '', '', '', 'failed', 'no host takes it']);
  const moved = file.rows.find(([, id]) => id === rest[0]);
  expect(moved?.slice(2, 8)).toEqual(['alpha', 'cmp1', 'cmp2', 'live', '3', 'done']);
});
