import { z } from 'zod';
import { say } from '../../../src/chat/report.ts';
import { control, option, rest } from '../../../src/command/make.ts';

export default control({
  summary: 'Stop every changing step from starting',
  examples: ['freeze storage is down', 'freeze --cloud prod "storage is down"'],
  role: 'operator',
  risk: 'change',
  args: {
    cloud: option(z.string().optional(), 'only this cloud'),
    reason: rest(z.string().min(1), 'why, for everybody to read'),
  },
  run: async ({ reason }) => say(reason),
});
