import { z } from 'zod';
import { control, positional } from '../../src/command/make.ts';

export default control({
  summary: 'Try a credential again that Keystone refused',
  examples: ['clouds trust prod'],
  role: 'operator',
  risk: 'change',
  details: [
    'A refused login is never repeated by itself, so that no account gets locked: not before its file changes, or somebody types this.',
  ],
  args: { cloud: positional(z.string(), 'cloud') },
  run: ({ cloud }, desk) => desk.trustCredential(cloud),
});
