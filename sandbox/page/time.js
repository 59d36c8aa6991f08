// Times in the zone of the customer whose phone is shown; the clock runs on between two looks at the service.

let zone = "UTC";
let ahead = 0;

/** From now on times are shown in this zone (IANA), and the playground's clock stands at `now` (ISO). */
export function setClock(now, inZone) {
  ahead = Date.parse(now) - Date.now();
  if (inZone) zone = inZone;
}

export const now = () => new Date(Date.now() + ahead);
export const zoneName = () => zone.split("/").pop().replaceAll("_", " ");

const shown = (moment, how) => new Intl.DateTimeFormat("en-GB", { timeZone: zone, ...how }).format(new Date(moment));
export const clock = (moment) => shown(moment, { hour: "2-digit", minute: "2-digit" });
export const day = (moment) => shown(moment, { weekday: "short", day: "numeric", month: "short" });

/** "09:00", or "Mon, 23 Nov, 09:00" on another day than today. */
export function when(moment) {
  return day(moment) === day(now()) ? clock(moment) : `${day(moment)}, ${clock(moment)}`;
}

/** "in 3 h 59 min", "in 20 s", "now". */
export function until(moment) {
  const s = Math.round((Date.parse(moment) - now()) / 1000);
  if (s <= 0) return "now";
  if (s < 90) return `in ${s} s`;
  const min = Math.round(s / 60);
  if (min < 60) return `in ${min} min`;
  const h = Math.floor(min / 60);
  return h < 48 ? `in ${h} h ${min % 60} min` : `in ${Math.round(h / 24)} days`;
}
