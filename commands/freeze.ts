import { z } from 'zod';
import { control, option, rest } from '../src/command/make.ts';

export default control({
  summary: 'Let no changing step start any more, until a second person thaws',
  examples: ['freeze "core switch is flapping"', 'freeze --cloud prod "upgrade under way"'],
  role: 'operator',
  risk: 'change',
  args: {
    cloud: option(z.string().optional(), 'this cloud only'),
    reason: rest(z.string().min(3, 'say why, so that everybody knows').max(200), 'why'),
  },
  run: ({ cloud, reason }, desk) => desk.freeze(cloud ?? null, reason),
});
