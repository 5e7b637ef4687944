/** The seed of this run's random choices; the runner sets and prints it. */
export const seed = Number(process.env['VIGIE_SEED'] ?? 1);

/** How often a group repeats what it repeats: `bin/test GROUP --times N`, or what the test finds fit for every day. */
export function times(everyDay: number): number {
  return Number(process.env['VIGIE_TIMES'] ?? everyDay);
}

/** The same moments for the same seed, others for its neighbour. */
export function chance(start: number): () => number {
  let state = Math.imul(start, 2_654_435_761) >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
