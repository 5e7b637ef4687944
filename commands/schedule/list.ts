import { control } from '../../src/command/make.ts';

export default control({
  summary: 'The saved lines, when each fires next, and for whom',
  examples: ['schedule list'],
  role: 'reader',
  args: {},
  run: (_values, desk) => desk.scheduleList(),
});
