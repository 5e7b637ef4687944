import { control } from '../src/command/make.ts';

export default control({
  summary: 'Who the policy says you are here, and what to do if it says nobody',
  examples: ['whoami'],
  role: 'reader',
  args: {},
  run: (_values, desk) => desk.whoami(),
});
