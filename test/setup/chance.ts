/** The seed of this run's random choices; the runner sets and prints it. */
export const seed = Number(process.env['VIGIE_SEED'] ?? 1);

/** How often a group repeats what it repeats: `bin/test GROUP --times N`, or what the test finds fit for every day. */
export function times(everyDay: number): number {
  return Number(process.env['VIGIE_TIMES'] ?? everyDay);
}
