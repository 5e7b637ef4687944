import { z } from 'zod';
import { control, option } from '../src/command/make.ts';

export default control({
  summary: 'End a freeze that another person began',
  examples: ['thaw', 'thaw --cloud prod'],
  role: 'operator',
  risk: 'change',
  args: { cloud: option(z.string().optional(), 'this cloud only') },
  run: ({ cloud }, desk) => desk.thaw(cloud ?? null),
});
