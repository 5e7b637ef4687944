import { LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { idKey } from '../chat/ids.ts';
import { UserError } from '../chat/user-error.ts';
import { durationMs } from '../command/duration.ts';
import { humanError } from '../command/wording.ts';
import { contradictions, type Known } from './contradictions.ts';
import { lineOf } from './yaml-lines.ts';

export const Role = z.enum(['reader', 'operator', 'approver', 'admin']);
export const Risk = z.enum(['read', 'change', 'disruptive', 'destructive']);

const Human = z.string().regex(/^[a-z][a-z0-9_.-]*$/, 'a person is written in lower case: alice, bob-k');
const account = /^(console:\S+|irc:[^\s/]+\/\S+|slack:[A-Z0-9]+\/[A-Z0-9]+|(?!console:|irc:|slack:)[a-z]+:\S+)$/;
const Account = z
  .string()
  .regex(account, 'an account is written console:alice, irc:libera/alice or slack:T024BE7LD/U2147483697');
const WrittenPlace = z
  .string()
  .regex(/^[a-z]+:\S+$/, 'a place is written console:local, irc:libera/#ops or slack:T024BE7LD/C024BE91L');
const PlaceId = WrittenPlace.transform(idKey);
const CloudName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'a cloud is named as in clouds.yaml');
const CloudPattern = z
  .string()
  .regex(/^[A-Za-z0-9*][A-Za-z0-9._*-]*$/, 'a cloud is named as in clouds.yaml; * stands for any letters');
const commandName = '[a-z*][a-z0-9* -]*';
const CommandName = z
  .string()
  .regex(new RegExp(`^${commandName}$`), 'write a command (tokens count) or a pattern (maintenance*)');
const CommandPattern = z
  .string()
  .regex(
    new RegExp(`^(role:(${Role.options.join('|')})|risk:(${Risk.options.join('|')})|${commandName})$`),
    'write a command (tokens count), a pattern (maintenance*), role:reader or risk:read',
  );
const Duration = z.string().transform((text, context) => {
  const ms = durationMs(text);
  if (ms !== null && ms > 0) return ms;
  context.addIssue({ code: 'custom', message: 'a time is written 30m, 4h, 7d or 2w' });
  return z.NEVER;
});

/** `x` means `[x]`. */
function list<S extends z.ZodType>(item: S) {
  return z.preprocess((value) => (typeof value === 'string' ? [value] : value), z.array(item).min(1));
}

/** One place written in two ways would have what is written last. */
function byPlace<S extends z.ZodType>(item: S) {
  return z.record(WrittenPlace, item).transform((written, context) => {
    const places = new Map<string, z.output<S>>();
    const first = new Map<string, string>();
    for (const [place, said] of Object.entries(written)) {
      const key = idKey(place);
      const before = first.get(key);
      if (before !== undefined)
        context.addIssue({ code: 'custom', path: [place], message: `is the place ${before}, which is there already` });
      first.set(key, place);
      places.set(key, said);
    }
    return Object.fromEntries(places);
  });
}

const scope = {
  commands: list(CommandPattern).default(['*']),
  clouds: list(CloudPattern).optional(),
  places: list(PlaceId).optional(),
};
const Who = list(z.string());

const Rule = z
  .strictObject({ allow: Who.optional(), deny: Who.optional(), ...scope })
  .refine(
    (rule) => (rule.allow === undefined) !== (rule.deny === undefined),
    'a rule says either allow or deny, and to whom',
  );

const ApprovalEntry = z
  .strictObject({
    risk: list(Risk).optional(),
    clouds: list(CloudPattern).optional(),
    commands: list(CommandName).optional(),
    larger_than: z.number().min(0).optional(),
    votes: z.number().int().min(0).max(9).optional(),
    roles: list(Role).optional(),
    places: list(PlaceId).optional(),
    call: list(PlaceId).optional(),
    expires: Duration.optional(),
    typed: z.boolean().optional(),
  })
  .refine(
    ({ votes, roles, places, call, expires, typed }) =>
      [votes, roles, places, call, expires, typed].some((said) => said !== undefined),
    'an entry states at least one of votes, roles, places, call, expires, typed',
  );

export const PolicyFile = z.strictObject({
  people: z.record(Human, z.strictObject({ accounts: list(Account), roles: list(Role) })).default({}),
  anyone: z
    .strictObject({ roles: z.array(z.literal('reader')).min(1).max(1), places: list(PlaceId).optional() })
    .optional(),
  rules: z.array(Rule).default([]),
  approval: z.array(ApprovalEntry).default([]),
  standing: z
    .strictObject({
      votes: z.number().int().min(1).max(9).optional(),
      roles: list(Role).optional(),
      expires: Duration.optional(),
    })
    .default({}),
  risk: z
    .array(z.strictObject({ commands: list(CommandName), clouds: list(CloudPattern).optional(), is: Risk }))
    .default([]),
  places: byPlace(z.strictObject({ cloud: CloudName })).default({}),
  operations: PlaceId.optional(),
  clouds: list(CloudName).optional(),
  traceable: list(CloudPattern).optional(),
  break_glass: z.strictObject({ roles: list(Role), announce: list(PlaceId) }).optional(),
  guards: z.strictObject({ closed_per_zone: z.number().int().min(1).optional() }).default({}),
  wishes: z.array(z.strictObject({ projects: list(z.string()), clouds: list(CloudPattern).optional() })).default([]),
  lease: z.strictObject({ host: Duration.optional(), server: Duration.optional() }).default({}),
});
export type PolicyFile = z.output<typeof PolicyFile>;

/** Every problem of a policy file, each with its line. */
export class PolicyProblem extends UserError {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

/** `name` is what problems call the file. `known` adds what only the program knows: its commands. */
export function parsePolicy(text: string, name: string, known: Known = {}): PolicyFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (path: readonly PropertyKey[]) =>
    `${name}:${lineOf(document, lines, path)}: ${path.map((part) => `${String(part)}`).join('.')}`;
  const broken = document.errors.map((error) => `${name}:${lines.linePos(error.pos[0]).line}: ${error.message}`);
  if (broken.length > 0) throw new PolicyProblem(broken);
  const read = PolicyFile.safeParse(document.toJS() ?? {}, { error: humanError });
  if (!read.success) throw new PolicyProblem(read.error.issues.flatMap((issue) => issueLines(issue, at)));
  const wrong = contradictions(read.data, known);
  if (wrong.length > 0) throw new PolicyProblem(wrong.map(({ path, message }) => `${at(path)}: ${message}`));
  return read.data;
}

function issueLines(issue: z.core.$ZodIssue, at: (path: readonly PropertyKey[]) => string): string[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => `${at([...issue.path, key])}: is not known here`);
  const inner = issue.code === 'invalid_key' ? issue.issues[0]?.message : undefined;
  return [`${at(issue.path)}: ${inner ?? issue.message}`];
}
