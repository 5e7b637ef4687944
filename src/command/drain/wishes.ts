import type { Server } from '../../openstack/cloud.ts';
import { type Window, windowOf } from '../window.ts';

/** What a guest's owner asks for by its metadata: `vigie:move` and `vigie:window`. */
export interface Wish {
  readonly move: 'live' | 'cold' | 'stop' | 'never' | null;
  readonly window: Window | null;
  /** The policy lists the project: what is asked for is done. Else it is only shown. */
  readonly binds: boolean;
  /** As they stand in the metadata. */
  readonly words: string;
}

const moves = ['live', 'cold', 'stop', 'never'] as const;

export function wishOf({ metadata }: Pick<Server, 'metadata'>, binds: boolean): Wish | null {
  const { 'vigie:move': move, 'vigie:window': window } = metadata;
  if (move === undefined && window === undefined) return null;
  const known = moves.find((one) => one === move?.trim().toLowerCase()) ?? null;
  const parsed = window === undefined ? null : windowOf(window);
  const words = [
    move === undefined ? '' : `vigie:move = ${move}${known === null ? ' (not understood)' : ''}`,
    window === undefined ? '' : `vigie:window = ${window}${parsed === null ? ' (not understood)' : ''}`,
  ];
  return { move: known, window: parsed, binds, words: words.filter((part) => part !== '').join(', ') };
}
