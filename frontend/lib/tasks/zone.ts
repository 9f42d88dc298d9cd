/** A day and a time as a clock on the wall shows them: `2026-02-28` and `09:00`. */
export interface WallTime {
  date: string;
  time: string;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** The zone of this device, such as `Europe/Vienna`. */
export function deviceZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/**
 * The zone itself where this browser knows it, else the device's: another device may know newer zones, and a task must
 * show all the same.
 */
export function knownZone(zone: string): string {
  try {
    wallFormat(zone);
    return zone;
  } catch {
    return deviceZone();
  }
}

// Building a format costs far more than using it, and a list of tasks asks for one again and again.
function wallFormat(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en-CA", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
    });
    formats.set(zone, format);
  }
  return format;
}

/** What the clocks of a zone show at a moment (ms since 1970). */
export function wallTime(at: number, zone: string): WallTime {
  const parts: Partial<Record<Intl.DateTimeFormatPartTypes, string>> = {};
  for (const { type, value } of wallFormat(zone).formatToParts(at)) parts[type] = value;
  const { year = "", month = "", day = "", hour = "", minute = "" } = parts;
  return { date: `${year.padStart(4, "0")}-${month}-${day}`, time: `${hour}:${minute}` };
}

/**
 * The moment (ms since 1970) at which the clocks of a zone show a day and time.
 *
 * A time that occurs twice, when clocks go back, is the first of the two; one that is skipped, when they go forward,
 * is as long after the change as it would have been.
 */
export function momentOf({ date, time }: WallTime, zone: string): number {
  const asIfUtc = Date.parse(`${date}T${time}:00Z`);
  const hours = 3_600_000;
  const offsets = [-24 * hours, 24 * hours].map((shift) => offsetAt(asIfUtc + shift, zone));
  const candidates = offsets.map((offset) => asIfUtc - offset);
  const right = candidates.filter((at) => offsetAt(at, zone) === asIfUtc - at);
  return right.length > 0 ? Math.min(...right) : asIfUtc - (offsets[0] ?? 0);
}

/** By how many milliseconds the clocks of a zone are ahead of UTC at a moment, to the minute. */
function offsetAt(at: number, zone: string): number {
  const minute = 60_000;
  const wall = wallTime(at, zone);
  return Date.parse(`${wall.date}T${wall.time}:00Z`) - Math.floor(at / minute) * minute;
}
