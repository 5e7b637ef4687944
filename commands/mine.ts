import { control } from '../src/command/make.ts';

export default control({
  summary: 'What waits for you, what runs, what you asked',
  examples: ['mine'],
  role: 'reader',
  args: {},
  run: (_values, desk) => desk.mine(),
});
