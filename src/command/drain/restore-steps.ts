import { UpInput, up } from '../evacuate/up.ts';
import { step } from '../make.ts';
import { HookInput, hook } from './hook.ts';
import { mayPost } from './lane-rules.ts';
import { move } from './move.ts';
import { MoveInput } from './move-intent.ts';
import { ReadyInput, ready } from './ready.ts';
import { RestoreInput, restore } from './restore.ts';

/** Everything the end of a maintenance may take, whichever words end it. */
export const restoreSteps = {
  up: step(UpInput, up),
  ready: step(ReadyInput, ready),
  restore: step(RestoreInput, restore),
  hook: step(HookInput, hook),
  move: step(MoveInput, move, mayPost),
};
