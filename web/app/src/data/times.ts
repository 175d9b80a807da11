import type { MeetingBody } from '@plenum/client';

export function endsAt(meeting: MeetingBody): Date {
  return new Date(Date.parse(meeting.startsAt) + meeting.estimatedDuration * 60_000);
}

export function isLive(meeting: MeetingBody): boolean {
  return meeting.status === 'active' && meeting.activeParticipants > 0;
}

/** Over: by word of its host, or because its time has passed and nobody is there. */
export function isOver(meeting: MeetingBody, now: Date): boolean {
  return meeting.status !== 'active' || (endsAt(meeting) < now && !isLive(meeting));
}

const NEAR_MS = 60 * 60_000;

/** Whether it is time to go there. */
export function isNear(meeting: MeetingBody, now: Date): boolean {
  return isLive(meeting) || Date.parse(meeting.startsAt) - now.getTime() < NEAR_MS;
}

export interface Agenda {
  today: MeetingBody[];
  upcoming: MeetingBody[];
  past: MeetingBody[];
}

/** Meetings as somebody looks for them: today's and coming ones by time, past ones latest first. */
export function agenda(meetings: MeetingBody[], now: Date): Agenda {
  const tomorrow = new Date(now.getFullYear(), now.getMonth(), now.getDate() + 1);
  const found: Agenda = { today: [], upcoming: [], past: [] };
  for (const meeting of meetings) {
    if (isOver(meeting, now)) found.past.push(meeting);
    else if (isLive(meeting) || new Date(meeting.startsAt) < tomorrow) found.today.push(meeting);
    else found.upcoming.push(meeting);
  }
  const byTime = (a: MeetingBody, b: MeetingBody) => Date.parse(a.startsAt) - Date.parse(b.startsAt);
  found.today.sort(byTime);
  found.upcoming.sort(byTime);
  found.past.sort((a, b) => byTime(b, a));
  return found;
}

/** The zone of this device. */
export function ownTimeZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';
}

/** The next half hour of this device's clock, as form fields hold it. */
export function nextHalfHour(now: Date): { date: string; time: string } {
  const half = 30 * 60_000;
  const local = new Date(Math.ceil((now.getTime() + 1) / half) * half);
  const two = (value: number) => String(value).padStart(2, '0');
  return {
    date: `${local.getFullYear()}-${two(local.getMonth() + 1)}-${two(local.getDate())}`,
    time: `${two(local.getHours())}:${two(local.getMinutes())}`,
  };
}
