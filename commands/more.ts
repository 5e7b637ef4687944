import { control } from '../src/command/make.ts';

export default control({
  summary: 'All of what was last shown here in short',
  examples: ['more'],
  role: 'reader',
  args: {},
  run: (_values, desk) => desk.more(),
});
