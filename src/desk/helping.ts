import { hostname } from 'node:os';
import { type Report, text } from '../chat/report.ts';
import { help } from '../command/help.ts';
import type { Registered } from '../command/registry.ts';
import { authorize } from '../policy/authorize.ts';
import { defaultCloud, personOf } from '../policy/policy.ts';
import type { ChatState, Sitting } from './desk.ts';

export async function helpFor(sitting: Sitting, words: string): Promise<Report> {
  return help(sitting.registry, words, { may: (registered) => maySay(sitting, registered), prefix: sitting.prefix });
}

/** Help shows what would be allowed here; without a default cloud, what would be on some cloud. */
function maySay(sitting: Sitting, { name, command }: Registered): boolean {
  const policy = sitting.policy();
  const place = sitting.message.place.id;
  const facts = { name, role: command.role, risk: command.risk, kind: command.kind };
  const clouds = command.kind === 'control' ? [null] : [defaultCloud(policy, place), ...policy.clouds];
  return clouds.some(
    (cloud) =>
      authorize(policy, { account: sitting.message.from.account, place, command: facts, cloud }).verdict === 'allow',
  );
}

type Asked = Pick<Sitting, 'version' | 'environment' | 'chats' | 'message' | 'policy'>;

/** Which vigie this is, for who runs several; and whether it hears and speaks everywhere. */
export function whoamiBot({ version, environment = 'unnamed', chats, message, policy }: Asked): Report {
  const known = personOf(policy(), message.from.account) !== null;
  const states = chats?.() ?? [];
  const connections = states.map((chat): [string, string] => [chat.connection, stateOf(chat, known)]);
  const fields: [string, string][] = [
    ['version', version],
    ['host', hostname()],
    ['environment', environment],
    ...connections,
  ];
  return {
    title: `vigie ${version} on ${hostname()}, ${environment}`,
    tone: states.every(({ connected, problem }) => connected && problem === null) ? 'plain' : 'warn',
    blocks: [{ kind: 'fields', fields }],
  };
}

/** What exactly is wrong may name addresses and secret channels: strangers are told only that something is. */
function stateOf({ connected, problem }: ChatState, known: boolean): string {
  if (!connected) return (known ? problem : null) ?? 'not connected';
  if (problem === null) return 'connected';
  return known ? problem : 'something is wrong';
}

/** What vigie sees of the speaker, and what to do where that is nothing. */
export async function whoamiFor({ message, policy, version }: Sitting): Promise<Report> {
  const { account, name, why } = message.from;
  const person = personOf(policy(), account);
  const cloud = defaultCloud(policy(), message.place.id);
  const fields: [string, string][] = [
    ['account', account ?? `none: this chat vouches for nobody called ${name}`],
    ['place', message.place.id],
    ['cloud here', cloud ?? 'none: add --cloud NAME to each line'],
    ['vigie', version],
  ];
  if (person !== null) {
    return {
      title: `You are ${person.human}: ${person.roles.join(', ')}`,
      tone: 'plain',
      blocks: [{ kind: 'fields', fields }],
    };
  }
  const advice =
    account === null
      ? (why ?? 'Log in to this chat first (IRC: identify to services), then type whoami again.')
      : `Ask whoever keeps policy.yaml to add ${account} to your accounts.`;
  return {
    title: 'The policy knows nobody here by that account',
    tone: 'warn',
    blocks: [{ kind: 'fields', fields }, text(advice)],
  };
}
