import { randomUUID } from "node:crypto";

import { Refusal } from "./answer.js";
import { integer } from "./environment.js";

const MAX_CAPACITY = integer("MAX_MEETING_CAPACITY", 1000);
const DEFAULT_CAPACITY = integer("MAX_PARTICIPANTS", 10);
const LISTED_MAX = 1000;

/** Meetings by id and by those who host or joined them, in memory. */
export class Meetings {
  #byId = new Map();
  #byUser = new Map();

  create(hostId, body) {
    const now = new Date().toISOString();
    const id = randomUUID();
    const { date, time, ...fields } = validated(body);
    const meeting = {
      meetingId: id,
      id,
      hostId,
      ...fields,
      date,
      time,
      timeZone: "UTC",
      startsAt: `${date}T${time}:00.000Z`,
      participants: new Set([hostId]),
      createdAt: now,
      updatedAt: now,
      status: "active",
    };
    this.#byId.set(id, meeting);
    this.#index(hostId, meeting);
    return meeting;
  }

  get(id) {
    const meeting = this.#byId.get(id);
    if (!meeting) throw new Refusal(404, "meeting_not_found", "Meeting not found");
    return meeting;
  }

  /** Takes the user into the stored participants, once. */
  addParticipant(meeting, userId) {
    if (meeting.participants.has(userId)) return;
    meeting.participants.add(userId);
    meeting.updatedAt = new Date().toISOString();
    this.#index(userId, meeting);
  }

  /** The meetings a user hosts or joined, newest first. */
  of(userId) {
    return [...(this.#byUser.get(userId) ?? [])]
      .sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1))
      .slice(0, LISTED_MAX);
  }

  #index(userId, meeting) {
    const known = this.#byUser.get(userId);
    if (known) known.add(meeting);
    else this.#byUser.set(userId, new Set([meeting]));
  }
}

/** A meeting as every route answers it. */
export function shown(meeting, activeParticipants) {
  return { ...meeting, participants: [...meeting.participants], activeParticipants };
}

const DATE = /^\d{4}-\d{2}-\d{2}$/;
const TIME = /^([01]\d|2[0-3]):[0-5]\d$/;

function validated(body) {
  const { title, date, time } = body ?? {};
  const { description = "", estimatedDuration = 60, maxParticipants = DEFAULT_CAPACITY } = body ?? {};
  if (![title, date, time].every((field) => typeof field === "string" && field.trim() !== "")) {
    throw invalid("meeting_fields_required", "Title, date, and time are required");
  }
  if (title.trim().length > 200) throw invalid("invalid_title", "The title must have 1 to 200 characters");
  if (!DATE.test(date) || !isDay(date)) throw invalid("invalid_date", "Date must be in YYYY-MM-DD format");
  if (!TIME.test(time)) throw invalid("invalid_time", "Time must be in HH:mm format");
  if (typeof description !== "string" || description.length > 5000) {
    throw invalid("invalid_description", "The description must have at most 5000 characters");
  }
  if (!isWithin(estimatedDuration, 1440)) {
    throw invalid("invalid_duration", "The duration must be between 1 and 1440 minutes");
  }
  if (!isWithin(maxParticipants, MAX_CAPACITY)) {
    throw invalid("invalid_capacity", `The capacity must be between 1 and ${MAX_CAPACITY}`);
  }
  return { title: title.trim(), description, date, time, estimatedDuration, maxParticipants };
}

function isDay(date) {
  const at = new Date(`${date}T00:00:00Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(date);
}

function isWithin(number, most) {
  return Number.isInteger(number) && number >= 1 && number <= most;
}

function invalid(code, message) {
  return new Refusal(400, code, message);
}
