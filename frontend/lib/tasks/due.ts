import type { Due } from "@/lib/protocol/types";
import { knownZone, wallTime } from "./zone";

type SetDue = NonNullable<Due>;

/** How a due date reads. */
export interface DueText {
  /** The short form: "Today 09:00", "Tomorrow", "Fri", "3 Mar". */
  text: string;
  /** The whole of it, for a tooltip and for those who listen. */
  full: string;
  tone: "overdue" | "today" | "soon" | "later";
}

/** Where and when somebody reads: `now` in ms since 1970, `zone` of their device, `locale` for names of days. */
export interface Reader {
  now: number;
  zone: string;
  locale: string;
}

const SOON_DAYS = 7;
const NAMED_DAYS: Readonly<Record<number, string>> = { [-1]: "Yesterday", 0: "Today", 1: "Tomorrow" };

/**
 * Says when a task is due. A day is a day wherever its reader is (F18); an instant is shown on the reader's clock.
 */
export function describeDue(due: SetDue, reader: Reader): DueText {
  const wall = localDue(due, reader.zone);
  const today = wallTime(reader.now, reader.zone).date;
  const days = (noon(wall.date) - noon(today)) / DAY_MS;
  const overdue = due.kind === "day" ? days < 0 : Date.parse(due.at) < reader.now;
  const day = NAMED_DAYS[days] ?? formatDay(wall.date, today, days, reader.locale);
  const time = wall.time === null ? "" : ` ${formatTime(wall.time, reader.locale)}`;
  const longDay = dateFormat(reader.locale, LONG).format(noon(wall.date));
  const elsewhere = due.kind === "instant" ? zoneNote(due, reader) : "";
  return {
    text: day + time,
    full: `${overdue ? "Overdue" : "Due"}: ${longDay}${time}${elsewhere}`,
    tone: overdue ? "overdue" : days === 0 ? "today" : days < SOON_DAYS ? "soon" : "later",
  };
}

/** Orders by due date: what is due at a time comes before what is due on that day, what is not due at all last. */
export function dueOrder(due: Due, zone: string): string {
  if (due === null) return "~";
  const wall = localDue(due, zone);
  return `${wall.date} ${wall.time ?? "~"}`;
}

function localDue(due: SetDue, zone: string): { date: string; time: string | null } {
  return due.kind === "day" ? { date: due.date, time: null } : wallTime(Date.parse(due.at), zone);
}

function zoneNote(due: SetDue & { kind: "instant" }, reader: Reader): string {
  const there = wallTime(Date.parse(due.at), knownZone(due.zone));
  const here = wallTime(Date.parse(due.at), reader.zone);
  return there.time === here.time && there.date === here.date
    ? ""
    : ` (${formatTime(there.time, reader.locale)} in ${due.zone.replaceAll("_", " ")})`;
}

const DAY_MS = 86_400_000;
const WEEKDAY = { timeZone: "UTC", weekday: "long" } as const;
const SHORT = { timeZone: "UTC", day: "numeric", month: "short" } as const;
const WITH_YEAR = { ...SHORT, year: "numeric" } as const;
const LONG = { timeZone: "UTC", weekday: "long", day: "numeric", month: "long", year: "numeric" } as const;
const TIME = { timeZone: "UTC", hour: "numeric", minute: "2-digit" } as const;

function formatDay(date: string, today: string, days: number, locale: string): string {
  const style =
    days > 0 && days < SOON_DAYS ? WEEKDAY : date.slice(0, 4) === today.slice(0, 4) ? SHORT : WITH_YEAR;
  return dateFormat(locale, style).format(noon(date));
}

function formatTime(time: string, locale: string): string {
  return dateFormat(locale, TIME).format(Date.parse(`1970-01-01T${time}:00Z`));
}

/** Days are counted and named in UTC, from noon to noon, so that no change of clocks can move one. */
function noon(date: string): number {
  return Date.parse(`${date}T12:00:00Z`);
}

const formats = new Map<string, Intl.DateTimeFormat>();

function dateFormat(locale: string, style: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${locale} ${Object.entries(style).join(" ")}`;
  let format = formats.get(key);
  if (format === undefined) {
    format = new Intl.DateTimeFormat(locale, style);
    formats.set(key, format);
  }
  return format;
}

/** The reader's own kind of English, because the rest of the page is in English; British where they have none. */
export function displayLocale(languages: readonly string[]): string {
  return languages.find((language) => /^en\b/i.test(language)) ?? "en-GB";
}
