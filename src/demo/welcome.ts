import { humanName } from './files.ts';

export interface Scene {
  readonly version: string;
  readonly cloud: string;
  readonly real: boolean;
  readonly directory: string;
  readonly user: string;
  readonly speakers: boolean;
}

/** One screen: what runs, who is here, what to type. */
export function welcome({ version, cloud, real, directory, user, speakers }: Scene): string {
  const what = real
    ? `on a real OpenStack, the lab on this machine (cloud "${cloud}"): Nova and Keystone are Debian's, only the hypervisors are pretended`
    : `on a pretended cloud (cloud "${cloud}"): 4 compute hosts, 12 servers, fresh at every start`;
  const people = speakers
    ? `You are ${humanName(user)}. Nobody approves their own plan: begin a line with "as bob:" and bob says it.`
    : `You are ${humanName(user)}.`;
  const approve = speakers ? 'as bob: !approve      approve it as somebody else' : '!jobs                 what goes on';
  return `vigie ${version} ${what}.
Bot, worker, Redis and MariaDB run privately in ${directory}.
${people}

  !help                 what can be said here
  !maintenance cmp1     plan to move every server off a host; nothing is touched before the plan is approved
  ${approve}

Ctrl-D ends.

`;
}
