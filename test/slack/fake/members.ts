import { addMessage, type Stage } from './messages.ts';
import type { Channel, User } from './state.ts';

/** Somebody, or the app itself, comes into a channel; the app hears of it where it is in. */
export function join(stage: Stage, channel: Channel, user: User, inviter: User): void {
  const { workspace, delivery } = stage;
  channel.members.add(user.id);
  addMessage(stage, channel, { user: user.id, subtype: 'channel_join', text: `<@${user.id}> has joined the channel` });
  const event = { type: 'member_joined_channel', user: user.id, channel: channel.id, channel_type: 'C' };
  delivery.event({ ...event, team: user.team, inviter: inviter.id, event_ts: workspace.clock.ts() }, channel);
}

export function leave(stage: Stage, channel: Channel, user: User): void {
  const { workspace, delivery } = stage;
  addMessage(stage, channel, { user: user.id, subtype: 'channel_leave', text: `<@${user.id}> has left the channel` });
  const event = { type: 'member_left_channel', user: user.id, channel: channel.id, channel_type: 'C' };
  delivery.event({ ...event, team: user.team, event_ts: workspace.clock.ts() }, channel);
  channel.members.delete(user.id);
}
