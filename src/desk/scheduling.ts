import { type Report, say } from '../chat/report.ts';
import type { Sitting } from './desk.ts';

export async function addSchedule(
  _sitting: Sitting,
  schedule: { cron: string; zone: string | null; line: string },
): Promise<Report> {
  return say(schedule.line);
}
export async function listSchedules(_sitting: Sitting): Promise<Report> {
  return say('none');
}
export async function removeSchedule(_sitting: Sitting, id: string): Promise<Report> {
  return say(id);
}
export async function pauseSchedule(_sitting: Sitting, id: string, _on: boolean): Promise<Report> {
  return say(id);
}
