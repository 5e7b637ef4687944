import { ringCards } from './deliveries.ts';
import type { WorkerParts } from './parts.ts';
import { saveNotes } from './steps.ts';
import type { Tenure } from './tenure.ts';

/** Progress writes at most one row a second per job, and only when something was said. */
export interface Progress {
  note(key: string, note: string): void;
  close(): Promise<void>;
}

export function openProgress(parts: WorkerParts, tenure: Tenure): Progress {
  const said = new Map<string, string>();
  const pending = new Map<string, string>();
  let writing: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    writing = writing.then(flush);
  }, 1000);

  async function flush(): Promise<void> {
    if (pending.size === 0 || !tenure.alive()) return;
    const notes = new Map(pending);
    pending.clear();
    try {
      await saveNotes(parts.database, tenure.owner, notes);
      await ringCards(parts.database, parts.bells, tenure.owner.job);
    } catch (error) {
      // Progress is only told: the next note, or the step's end, says it better.
      parts.log.debug({ err: error, job: tenure.owner.job }, 'progress was not written');
    }
  }

  return {
    note(key, note) {
      if (said.get(key) === note) return;
      said.set(key, note);
      pending.set(key, note);
    },
    async close() {
      clearInterval(timer);
      await writing;
    },
  };
}
