import { z } from 'zod';
import { CopyInput, copyDump, DumpInput, dumpServer } from '../../src/command/backup/dump-step.ts';
import { KeepInput, removeOlder } from '../../src/command/backup/keep-step.ts';
import { ProveInput, proveBackup } from '../../src/command/backup/prove-step.ts';
import { runPlan } from '../../src/command/backup/run-plan.ts';
import { backupReport } from '../../src/command/backup/run-report.ts';
import { change, flag, rest, step } from '../../src/command/make.ts';

const Databases = z
  .string()
  .transform((typed) => typed.split(/[\s,]+/).filter((name) => name !== ''))
  .pipe(z.array(z.string().regex(/^[\w$-]{1,64}$/, 'databases are named as vigie.backup lists them')));

export default change({
  summary: 'Dump the cloud’s databases, restore the dump into a server of its own, and only then call it a backup',
  examples: ['backup run', 'backup run nova nova_api', 'backup run --no-proof keystone'],
  role: 'operator',
  risk: 'change',
  details: [
    'One consistent snapshot of each server in vigie.backup: no table stays locked. Sealed to a key, with a manifest beside it.',
    'A dump that is far smaller, or has fewer tables, than the last proven one is refused.',
    'Every night: schedule add "0 2 * * *" --max 20 --until 2027-06-30 backup run. docs/backups.md has grants and keys.',
  ],
  args: {
    noProof: flag(z.literal(true).optional(), 'only dumps: backup prove tries it later'),
    databases: rest(Databases.optional(), 'only these, as vigie.backup lists them (default: all)'),
  },
  steps: {
    dump: step(DumpInput, dumpServer),
    copy: step(CopyInput, copyDump),
    prove: step(ProveInput, proveBackup),
    keep: step(KeepInput, removeOlder),
  },
  plan: ({ databases, noProof }, context) => runPlan({ databases: databases ?? [], proof: noProof !== true }, context),
  report: backupReport,
});
