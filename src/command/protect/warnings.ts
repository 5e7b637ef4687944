import { list } from '../words.ts';
import type { Chosen } from './selection.ts';

/** What a protection does not do, and what it does that nobody expects. */
export function warnings({ move }: { readonly move: boolean }, locking: boolean): string[] {
  return [
    'A delete will still be answered with success (204) and do nothing: Heat, Terraform and the like wait until they time out. Tell the owner.',
    'It does not stop: rebuild (the disk is wiped), resize, stop, shelve, deletion of its volumes.',
    ...(locking
      ? ['With --lock its owner can no longer stop, reboot, resize or rebuild it; administrators still can.']
      : []),
    ...(move ? ['With --move no command of vigie moves it: a drain of its host shows it as blocked.'] : []),
  ];
}

/** Which servers were meant and are not in the plan. */
export function notInPlan({ missing, unseen, words }: Chosen): string[] {
  return [
    ...(unseen.length === 0
      ? []
      : [`A cell does not answer (${list(unseen)}): servers there are not in Nova’s lists, and not in this plan.`]),
    ...(missing.length === 0 ? [] : [`In ${words}, but not in the cloud: ${list(missing, 10)}.`]),
  ];
}
