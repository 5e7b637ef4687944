import { Refusal } from './refusal.ts';
import { newId } from './state.ts';

/** Every click and command brings one; it opens one modal within 3 s. */
export interface Triggers {
  make(): string;
  use(id: string): void;
}

const life = 3000;

export function makeTriggers(now: () => number): Triggers {
  const made = new Map<string, { readonly at: number; used: boolean }>();
  return {
    make() {
      const id = `${newId('1')}.${newId('2')}`;
      made.set(id, { at: now(), used: false });
      return id;
    },
    use(id) {
      const trigger = made.get(id);
      if (trigger === undefined) throw new Refusal('invalid_trigger_id');
      if (now() - trigger.at > life) throw new Refusal('expired_trigger_id');
      if (trigger.used) throw new Refusal('exchanged_trigger_id');
      trigger.used = true;
    },
  };
}
