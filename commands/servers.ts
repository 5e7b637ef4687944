import { z } from 'zod';
import { HostName } from '../src/command/args.ts';
import { serverList } from '../src/command/inventory/servers.ts';
import { option, query } from '../src/command/make.ts';

export default query({
  summary: 'Servers of all projects, by host, project, status or name',
  examples: ['servers --host cmp1', 'servers --project web --status ERROR', 'servers --name db'],
  role: 'reader',
  args: {
    host: option(HostName.optional(), 'only those on this compute host'),
    project: option(z.string().min(1).optional(), 'only those of this project: its name or id'),
    status: option(z.string().min(1).optional(), 'only those in this status: ACTIVE, SHUTOFF, ERROR, …'),
    name: option(z.string().min(1).max(255).optional(), 'only those whose name holds this; a regular expression'),
  },
  answer: ({ host, project, status, name }, context) => serverList({ host, project, status, name }, context),
});
