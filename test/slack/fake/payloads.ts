import type { Stage } from './messages.ts';
import type { Responses } from './responses.ts';
import type { Seen } from './seen.ts';
import type { Channel, Json, User } from './state.ts';

export interface PersonParts extends Stage {
  readonly responses: Responses;
}

interface Slash {
  readonly command: string;
  readonly text: string;
  readonly channel: Channel;
}

export function slashPayload({ workspace }: PersonParts, user: User, { command, text, channel }: Slash): Json {
  return {
    token: 'legacy-verification-token',
    team_id: workspace.team.id,
    team_domain: workspace.team.name,
    channel_id: channel.id,
    channel_name: channel.kind === 'im' ? 'directmessage' : channel.kind === 'private' ? 'privategroup' : channel.name,
    user_id: user.id,
    user_name: user.name,
    command,
    text,
    api_app_id: workspace.app.id,
    is_enterprise_install: 'false',
    trigger_id: workspace.triggers.make(),
  };
}

interface Click {
  readonly message: Seen;
  readonly block: string;
  readonly element: Json;
}

/** A click on a message that only this person sees carries no message. */
export function clickPayload(
  { workspace, responses }: PersonParts,
  user: User,
  { message, block, element }: Click,
): Json {
  const channel = workspace.channels.get(message.channel);
  if (channel === undefined) throw new Error(`no channel ${message.channel}`);
  const stored = channel.messages.find(({ ts }) => ts === message.ts);
  const thread = message.thread === undefined ? {} : { thread_ts: message.thread };
  const { confirm: _, type, ...pressed } = element;
  const bot = { user: workspace.app.user, bot_id: workspace.app.botId, app_id: workspace.app.id };
  const shown = {
    type: 'message',
    ...bot,
    ts: message.ts,
    text: stored?.text ?? '',
    blocks: message.blocks,
    ...thread,
  };
  const origin = { user: user.id, channel, ...(stored === undefined ? {} : { message: stored }) };
  return {
    type: 'block_actions',
    user: { id: user.id, username: user.name, name: user.name, team_id: user.team },
    api_app_id: workspace.app.id,
    token: 'legacy-verification-token',
    container: {
      type: 'message',
      message_ts: message.ts,
      channel_id: channel.id,
      is_ephemeral: message.ephemeral,
      ...thread,
    },
    trigger_id: workspace.triggers.make(),
    team: { id: workspace.team.id, domain: workspace.team.name },
    enterprise: null,
    is_enterprise_install: false,
    channel: { id: channel.id, name: channel.kind === 'im' ? 'directmessage' : channel.name },
    ...(message.ephemeral ? {} : { message: shown }),
    state: { values: {} },
    response_url: responses.url(origin),
    actions: [{ ...pressed, type, block_id: block, action_ts: workspace.clock.ts() }],
  };
}

interface HomeClick {
  readonly view: Json;
  readonly block: string;
  readonly element: Json;
}

/** A click on the Home tab has neither a channel nor an address for an answer. */
export function homeClickPayload({ workspace }: PersonParts, user: User, { view, block, element }: HomeClick): Json {
  const { confirm: _, type, ...pressed } = element;
  return {
    type: 'block_actions',
    user: { id: user.id, username: user.name, name: user.name, team_id: user.team },
    api_app_id: workspace.app.id,
    token: 'legacy-verification-token',
    container: { type: 'view', view_id: view['id'] },
    trigger_id: workspace.triggers.make(),
    team: { id: workspace.team.id, domain: workspace.team.name },
    enterprise: null,
    is_enterprise_install: false,
    view: { ...view, app_id: workspace.app.id, bot_id: workspace.app.botId, state: { values: {} } },
    actions: [{ ...pressed, type, block_id: block, action_ts: workspace.clock.ts() }],
  };
}
