import { expect, test } from 'vitest';
import type { EndedStep, StepContext } from '../../src/command/command.ts';
import { gate } from '../../src/command/drain/gate.ts';
import { cmp1 } from './things.ts';

type Ended = EndedStep['state'];
const unused = { input: null, output: null, checkpoint: null, seconds: null };

/** What the gate makes of the first, here three, as they ended; what is missing has not ended yet. */
function passed(states: readonly Ended[], answer: StepContext['answer'] = null) {
  const ended = states.map(
    (state, n): EndedStep => ({
      key: `m${n}`,
      step: 'move',
      label: `move web-${n} live`,
      state,
      note: 'x',
      ...unused,
    }),
  );
  const context: Partial<StepContext> = { ended, answer, now: () => new Date(0) };
  return gate({ host: cmp1, first: ['m0', 'm1', 'm2'] }, context as StepContext); // what it does not use is not there
}

test('it says how many of the first have left', async () => {
  expect(await passed(['done'])).toMatchObject({ state: 'done', note: 'one has' });
  expect(await passed(['failed', 'done', 'gone'])).toMatchObject({ state: 'done', note: '2 have' });
  expect(await passed(['failed', 'blocked', 'failed'])).toMatchObject({
    state: 'done',
    note: 'none has, but not all were tried',
  });
});

test('where none has a person says whether the others are tried, and is named', async () => {
  const none: Ended[] = ['failed', 'unproven', 'failed'];
  expect(await passed(none)).toMatchObject({ state: 'ask' });
  expect(await passed(none, { choice: 'go', by: 'bob' })).toMatchObject({
    state: 'done',
    note: 'all of the first 3 failed; bob said to go on',
  });
  expect(await passed(none, { choice: 'stop', by: 'nobody in time' })).toMatchObject({
    state: 'blocked',
    note: 'all of the first 3 failed: the others were not tried (nobody in time)',
  });
});
