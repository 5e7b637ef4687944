import { type Report, say } from '../chat/report.ts';
import type { Sitting } from './desk.ts';

export async function helpFor(sitting: Sitting, words: string): Promise<Report> {
  return say(`help ${words}`, sitting.prefix);
}

export async function whoamiFor(sitting: Sitting): Promise<Report> {
  return say(sitting.message.from.account ?? 'nobody');
}
