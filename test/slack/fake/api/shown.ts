import type { Json, Message, Workspace } from '../state.ts';

/** A message as the Web API and events show it. */
export function shown(message: Message, workspace: Workspace, metadata = false): Json {
  const { ts, user, botId, text, blocks, attachments, thread, files, edited, subtype, reactions } = message;
  const answers = workspace.channels
    .get(message.channel)
    ?.messages.filter((other) => other.thread === ts && !other.deleted && other.to === undefined);
  const home = workspace.users.get(user)?.team ?? workspace.team.id;
  return {
    type: 'message',
    ...(subtype === undefined ? {} : { subtype }),
    user,
    ts,
    text,
    team: home,
    ...(home === workspace.team.id ? {} : { user_team: home, source_team: home }),
    ...(botId === undefined ? {} : { bot_id: botId, app_id: workspace.app.id }),
    ...(blocks.length > 0 ? { blocks: structuredClone(blocks) } : {}),
    ...(attachments.length > 0 ? { attachments: structuredClone(attachments) } : {}),
    ...(thread === undefined ? {} : { thread_ts: thread }),
    ...(answers && answers.length > 0
      ? { thread_ts: ts, reply_count: answers.length, latest_reply: answers.at(-1)?.ts }
      : {}),
    ...(files.length > 0 ? { files } : {}),
    ...(edited === undefined ? {} : { edited: { user, ts: edited } }),
    ...(reactions.size > 0
      ? { reactions: [...reactions].map(([name, users]) => ({ name, users, count: users.length })) }
      : {}),
    ...(metadata && message.metadata ? { metadata: message.metadata } : {}),
  };
}
