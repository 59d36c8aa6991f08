// Times in the zone of the customer whose phone is shown; the clock runs on between two looks at the service.

let zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
let ahead = 0;

/** From now on times are shown in this zone (IANA), and the playground's clock stands at `now` (ISO). */
export function setClock(now, inZone) {
  ahead = Date.parse(now) - Date.now();
  if (inZone) zone = inZone;
}

export const now = () => new Date(Date.now() + ahead);
/** "Madrid time" */
export const zoneName = () => (zone.includes("/") ? `${zone.split("/").pop().replaceAll("_", " ")} time` : zone);

const shown = (moment, how) => new Intl.DateTimeFormat("en-GB", { timeZone: zone, ...how }).format(new Date(moment));
export const clock = (moment) => shown(moment, { hour: "2-digit", minute: "2-digit" });
export const day = (moment) => shown(moment, { weekday: "short", day: "numeric", month: "short" });

/** "09:00", or "Mon, 23 Nov, 09:00" on another day than today. */
export function when(moment) {
  return day(moment) === day(now()) ? clock(moment) : `${day(moment)}, ${clock(moment)}`;
}
