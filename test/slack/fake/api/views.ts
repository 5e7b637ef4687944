import { z } from 'zod';
import { validViewBlocks } from '../blocks/validate.ts';
import { invalid, Refusal } from '../refusal.ts';
import { type Json, newId } from '../state.ts';
import type { Call, Methods } from './method.ts';

const title = z.strictObject({
  type: z.literal('plain_text'),
  text: z.string().min(1).max(24),
  emoji: z.boolean().optional(),
});

const View = z.strictObject({
  type: z.enum(['home', 'modal']),
  blocks: z.array(z.unknown()),
  title: title.optional(),
  submit: title.optional(),
  close: title.optional(),
  callback_id: z.string().max(255).optional(),
  private_metadata: z.string().max(3000).optional(),
  external_id: z.string().max(255).optional(),
  clear_on_close: z.boolean().optional(),
  notify_on_close: z.boolean().optional(),
});

export const views: Methods = {
  'views.publish': {
    token: 'bot',
    scopes: [],
    tier: 4,
    args: ['user_id', 'view', 'hash'],
    run(call) {
      const user = call.workspace.users.get(call.args.needed('user_id'));
      if (user === undefined) throw new Refusal('user_not_found');
      const before = call.workspace.views.get(user.id);
      const hash = call.args.text('hash');
      if (hash !== '' && before?.['hash'] !== hash) throw new Refusal('hash_conflict');
      const view = viewOf(call, 'home');
      call.workspace.views.set(user.id, view);
      return { view };
    },
  },
  'views.open': {
    token: 'bot',
    scopes: [],
    tier: 4,
    args: ['trigger_id', 'view'],
    run(call) {
      call.workspace.triggers.use(call.args.needed('trigger_id'));
      return { view: opened(call, viewOf(call, 'modal')) };
    },
  },
  'views.push': {
    token: 'bot',
    scopes: [],
    tier: 4,
    args: ['trigger_id', 'view'],
    run(call) {
      const depth = [...call.workspace.views.values()].filter(({ type }) => type === 'modal').length;
      if (depth >= deepest) throw new Refusal('push_limit_reached');
      call.workspace.triggers.use(call.args.needed('trigger_id'));
      return { view: opened(call, viewOf(call, 'modal')) };
    },
  },
  'views.update': {
    token: 'bot',
    scopes: [],
    tier: 4,
    args: ['view_id', 'external_id', 'view', 'hash'],
    run(call) {
      const { views } = call.workspace;
      const [id, outer] = [call.args.text('view_id'), call.args.text('external_id')];
      if ((id === '') === (outer === '')) throw invalid('invalid_arguments', ['one of view_id and external_id']);
      const known = [...views].find(([, view]) => (id === '' ? view['external_id'] === outer : view['id'] === id));
      if (known === undefined) throw new Refusal('not_found');
      const [at, before] = known;
      if (call.args.has('hash') && call.args.text('hash') !== before['hash']) throw new Refusal('hash_conflict');
      const view = { ...viewOf(call, before['type'] === 'home' ? 'home' : 'modal'), id: before['id'] };
      views.set(at, view);
      return { view };
    },
  },
};

/** Modals stand upon each other. */
const deepest = 3;

function opened({ workspace }: Call, view: Json): Json {
  workspace.views.set(String(view['id']), view);
  return view;
}

function viewOf({ args, workspace }: Call, type: 'home' | 'modal'): Json {
  const parsed = View.safeParse(args.object('view'));
  if (!parsed.success)
    throw invalid(
      'invalid_arguments',
      parsed.error.issues.map(({ message, path }) => `${message} [json-pointer:/view/${path.join('/')}]`),
    );
  if (parsed.data.type !== type)
    throw invalid('invalid_arguments', [`unsupported type: ${parsed.data.type} [json-pointer:/view/type]`]);
  const blocks = validViewBlocks(parsed.data.blocks);
  return { ...parsed.data, blocks, id: newId('V'), team_id: workspace.team.id, hash: `${workspace.clock.ts()}.hash` };
}
