import { control } from '../../src/command/make.ts';

export default control({
  summary: 'The clouds, who serves each, in which version, when last seen',
  examples: ['clouds'],
  role: 'reader',
  args: {},
  run: (_values, desk) => desk.clouds(),
});
