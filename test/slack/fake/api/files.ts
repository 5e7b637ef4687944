import { validBlocks } from '../blocks/validate.ts';
import { addMessage } from '../messages.ts';
import { Refusal } from '../refusal.ts';
import { type Json, newId, type SlackFile } from '../state.ts';
import { type Call, knownChannel, type Methods, mustBeIn } from './method.ts';

export const files: Methods = {
  'files.getUploadURLExternal': {
    token: 'bot',
    scopes: ['files:write'],
    tier: 4,
    args: ['filename', 'length', 'alt_text', 'alt_txt', 'snippet_type'],
    run({ args, workspace, base }) {
      const announced = args.number('length', 0);
      if (announced <= 0) throw new Refusal('invalid_arguments');
      const name = args.needed('filename');
      const id = newId('F');
      workspace.files.set(id, { id, name, announced, content: null, title: name, shared: false });
      return { upload_url: `${base}/upload/v1/${workspace.team.id}/${id}`, file_id: id };
    },
  },
  'files.completeUploadExternal': {
    token: 'bot',
    scopes: ['files:write'],
    tier: 4,
    args: ['files', 'channel_id', 'channels', 'initial_comment', 'thread_ts', 'blocks'],
    run(call) {
      const uploaded = filesOf(call);
      const channels = channelsOf(call);
      for (const id of channels) share(call, id, uploaded);
      return { files: uploaded.map((file) => described(file)) };
    },
  },
  'files.info': {
    token: 'bot',
    scopes: ['files:read'],
    tier: 4,
    args: ['file', 'limit', 'cursor'],
    run({ args, workspace }) {
      const file = workspace.files.get(args.needed('file'));
      if (file === undefined) throw new Refusal('file_not_found');
      return { file: described(file) };
    },
  },
};

function filesOf({ args, workspace }: Call): SlackFile[] {
  const asked = args.all['files'];
  if (!Array.isArray(asked) || asked.length === 0) throw new Refusal('invalid_arguments');
  return asked.map((one: Json) => {
    const file = workspace.files.get(String(one['id']));
    if (file === undefined || file.content === null || file.shared) throw new Refusal('file_not_found');
    if (typeof one['title'] === 'string') file.title = one['title'];
    return file;
  });
}

/** Ids, not names. */
function channelsOf(call: Call): string[] {
  const ids = [call.args.text('channel_id'), ...call.args.text('channels').split(',')].filter((id) => id !== '');
  for (const id of ids) {
    if (!call.workspace.channels.has(id)) throw new Refusal('channel_not_found');
    const one = { ...call, args: Object.assign(Object.create(call.args) as Call['args'], { all: { channel: id } }) };
    mustBeIn(call.workspace, knownChannel(one));
  }
  return ids;
}

/** The file's message appears a little after the call has ended. */
function share(call: Call, id: string, uploaded: readonly SlackFile[]): void {
  const { workspace, args } = call;
  const thread = args.text('thread_ts');
  const blocks = args.has('blocks') ? validBlocks(args.all['blocks']) : [];
  for (const file of uploaded) file.shared = true;
  setTimeout(() => {
    const channel = workspace.channels.get(id);
    if (channel === undefined) return;
    addMessage(call, channel, {
      user: workspace.app.user,
      botId: workspace.app.botId,
      text: args.text('initial_comment'),
      blocks,
      files: uploaded.map((file) => described(file)),
      ...(thread === '' ? {} : { thread }),
    });
  }, 50);
}

function described({ id, name, title, content }: SlackFile): Json {
  return { id, name, title, size: content?.length ?? 0, mode: 'snippet', filetype: name.split('.').at(-1) ?? 'text' };
}
