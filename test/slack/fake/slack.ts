import { type Delivered, type Delivery, type Mischief, makeDelivery } from './delivery.ts';
import { makeFaults, type Order } from './faults.ts';
import { makePerson, type Person } from './person.ts';
import { makeRates } from './rates.ts';
import { type Forged, makeRequestUrl } from './request-url.ts';
import { makeResponses } from './responses.ts';
import { openServer, type Server } from './server.ts';
import { type Called, makeSite } from './site.ts';
import { makeSockets, type Sockets } from './sockets.ts';
import {
  addChannel,
  type Channel,
  type Json,
  makeClock,
  newId,
  type Ping,
  type User,
  type Workspace,
} from './state.ts';
import { makeTriggers } from './triggers.ts';

export interface SlackOptions {
  readonly name?: string;
  /** `http`: events go to the request URL, with signatures, instead of to a socket. */
  readonly mode?: 'socket' | 'http';
  readonly scopes?: readonly string[];
  readonly events?: readonly string[];
  readonly commands?: readonly string[];
  /** How much more than the real Slack is allowed: 1 is real, 100 a hundred times, Infinity (default) does not count. */
  readonly rates?: number;
  /** Events an hour; 30,000 times `rates` if nothing is said. */
  readonly mostEvents?: number;
  /** 0.01 makes the retries' minutes and the life of a response_url a hundred times shorter. */
  readonly pace?: number;
  /** How long an acknowledgement may take, ms; 3,000 is real. */
  readonly patience?: number;
}

export interface NewChannel {
  readonly private?: boolean;
  readonly archived?: boolean;
  /** Shared with other workspaces. */
  readonly shared?: boolean;
  /** Whether the bot was invited: yes, if nothing is said. */
  readonly invited?: boolean;
}

export type Traits = Partial<Pick<User, 'deleted' | 'bot' | 'restricted' | 'ultraRestricted' | 'stranger' | 'team'>>;

export interface FakeSlack {
  /** For `slackApiUrl`. */
  readonly url: string;
  readonly base: string;
  readonly team: string;
  readonly botToken: string;
  readonly appToken: string;
  readonly signingSecret: string;
  readonly botUser: string;
  readonly workspace: Workspace;
  readonly sockets: Sockets;
  readonly delivery: Delivery;
  /** Everything the app was sent, when, and when it acknowledged. */
  readonly delivered: readonly Delivered[];
  /** Every call of the Web API. */
  readonly calls: readonly Called[];
  readonly pings: readonly Ping[];
  readonly mischief: Mischief;
  /** Made at the first call; a member of every channel there is, and of those made later. */
  person(name: string, traits?: Traits): Person;
  channel(name: string, channel?: NewChannel): Channel;
  /** A user group, mentioned as `@handle`; its id. */
  group(handle: string, people: readonly Person[]): string;
  order(order: Order): void;
  clearOrders(): void;
  revoke(token: 'bot' | 'app'): void;
  restore(token: 'bot' | 'app'): void;
  /** HTTP mode: the app's address, asked for a challenge. */
  requestUrl(url: string): Promise<boolean>;
  address(): string;
  /** HTTP mode: a request as Slack or a forger would make it; the status. */
  post(payload: Json, forged?: Forged): Promise<number>;
  /** A second workspace with an installation, tokens and people of its own. */
  another(options?: SlackOptions): FakeSlack;
  close(): Promise<void>;
}

const everyScope = [
  'app_mentions:read',
  'channels:history',
  'channels:read',
  'chat:write',
  'commands',
  'files:write',
  'groups:history',
  'groups:read',
  'im:history',
  'im:read',
  'im:write',
  'mpim:history',
  'mpim:read',
  'reactions:read',
  'reactions:write',
  'usergroups:read',
  'users:read',
];
const everyEvent = [
  'app_home_opened',
  'app_mention',
  'message.channels',
  'message.groups',
  'message.im',
  'message.mpim',
  'reaction_added',
  'reaction_removed',
  'member_joined_channel',
  'member_left_channel',
];

export async function startSlack(options: SlackOptions = {}): Promise<FakeSlack> {
  return install(await openServer(), options);
}

function install(server: Server, options: SlackOptions): FakeSlack {
  const { rates = Infinity, patience = 3000, mode = 'socket' } = options;
  const { base } = server;
  const workspace = newWorkspace(options);
  const { app, clock } = workspace;
  const sockets = makeSockets(workspace, base, patience);
  const requestUrl = makeRequestUrl(workspace, patience);
  const { mostEvents = 30_000 * rates } = options;
  const delivery = makeDelivery(workspace, (mode === 'http' ? requestUrl : sockets).transport, mostEvents);
  const faults = makeFaults();
  const calls: Called[] = [];
  const responses = makeResponses({ workspace, delivery }, base);
  const limits = makeRates(rates, clock.now);
  server.sites.push(makeSite({ workspace, delivery, sockets, responses, faults, rates: limits, base, calls }));
  const people = new Map<string, Person>();

  return {
    url: `${base}/api/`,
    base,
    team: workspace.team.id,
    botToken: app.botToken,
    appToken: app.appToken,
    signingSecret: app.signingSecret,
    botUser: app.user,
    workspace,
    sockets,
    delivery,
    delivered: delivery.all,
    calls,
    pings: workspace.pings,
    mischief: delivery.mischief,
    person(name, traits = {}) {
      const person =
        people.get(name) ?? makePerson({ workspace, delivery, responses }, newUser(workspace, name, traits));
      Object.assign(person.user, traits);
      people.set(name, person);
      return person;
    },
    channel(name, { private: hidden = false, invited = true, archived = false, shared = false } = {}) {
      const members = [...people.values()].map(({ id }) => id);
      const kind = hidden ? 'private' : 'public';
      const plain = name.replace(/^#/, '');
      return addChannel(workspace, {
        name: plain,
        kind,
        members: invited ? [...members, app.user] : members,
        archived,
        shared,
      });
    },
    group(handle, members) {
      const id = newId('S');
      workspace.groups.set(id, { id, handle, users: members.map((person) => person.id) });
      return id;
    },
    order: faults.order,
    clearOrders: faults.clear,
    revoke: (token) => void app.revoked.add(token),
    restore: (token) => void app.revoked.delete(token),
    requestUrl: requestUrl.verify,
    address: requestUrl.address,
    post: requestUrl.post,
    another: (more = {}) => install(server, more),
    close: server.close,
  };
}

function newWorkspace(options: SlackOptions): Workspace {
  const { name = 'ops', scopes = everyScope, events = everyEvent, commands = ['/vigie'], pace = 1 } = options;
  const clock = makeClock(pace);
  const id = newId('T');
  const user = newId('U');
  const secret = newId('S').toLowerCase();
  const bot: User = { ...nobody, id: user, team: id, name: 'vigie', bot: true };
  return {
    team: { id, name },
    app: {
      id: newId('A'),
      name: 'vigie',
      botToken: `xoxb-${id}-${secret}`,
      appToken: `xapp-1-${id}-${secret}`,
      signingSecret: secret,
      user,
      botId: newId('B'),
      scopes: new Set(scopes),
      appScopes: new Set(['connections:write']),
      events: new Set(events),
      commands: new Set(commands),
      revoked: new Set(),
    },
    users: new Map([[user, bot]]),
    channels: new Map(),
    groups: new Map(),
    files: new Map(),
    views: new Map(),
    clock,
    triggers: makeTriggers(clock.now),
    notices: [],
    pings: [],
  };
}

const nobody = { deleted: false, restricted: false, ultraRestricted: false, stranger: false };

function newUser(workspace: Workspace, name: string, traits: Traits): User {
  const team = traits.stranger ? newId('T') : workspace.team.id;
  const user: User = { ...nobody, bot: false, team, ...traits, id: newId('U'), name };
  workspace.users.set(user.id, user);
  for (const { kind, members } of workspace.channels.values()) if (kind !== 'im') members.add(user.id);
  return user;
}
