import type { Reaction } from '../../src/chat/message.ts';
import { type Said, tagOf } from './said.ts';

const choices: Readonly<Record<string, Reaction['choice']>> = {
  '✅': 'approve',
  '👍': 'approve',
  '❌': 'deny',
  '👎': 'deny',
};

/** The yes or no that a mark says about a message; null for all other marks. */
export function reactionOf(said: Said): Reaction | null {
  const on = tagOf(said, '+draft/reply') ?? tagOf(said, '+reply');
  const given = tagOf(said, '+draft/react');
  const taken = tagOf(said, '+draft/unreact');
  const mark = given ?? taken;
  if (on === null || mark === null || (given !== null && taken !== null)) return null;
  // The skin's colour and "shown as an emoji" change nothing about what is meant.
  const choice = choices[mark.replace(/[\u{1F3FB}-\u{1F3FF}\uFE0F]/gu, '')];
  return choice === undefined ? null : { on, choice, withdrawn: taken !== null };
}
