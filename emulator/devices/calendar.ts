/** Dates of the Gregorian calendar as days since 1970-01-01, by counting years from March on. */

const DAYS_PER_ERA = 146_097; // 400 years
const EPOCH = 719_468; // days from 0000-03-01 to 1970-01-01

/** Month and day may exceed their range and then count on. */
export function daysSinceEpoch(year: number, month: number, day: number): number {
  const months = year * 12 + month - 3;
  const marchYear = Math.floor(months / 12);
  const monthOfYear = months - marchYear * 12;
  const leapDays = Math.floor(marchYear / 4) - Math.floor(marchYear / 100) + Math.floor(marchYear / 400);
  return marchYear * 365 + leapDays + Math.floor((153 * monthOfYear + 2) / 5) + day - 1 - EPOCH;
}

export function calendarDate(days: number): { year: number; month: number; day: number } {
  const sinceEraZero = days + EPOCH;
  const era = Math.floor(sinceEraZero / DAYS_PER_ERA);
  const dayOfEra = sinceEraZero - era * DAYS_PER_ERA;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthOfYear = Math.floor((5 * dayOfYear + 2) / 153);
  const month = monthOfYear < 10 ? monthOfYear + 3 : monthOfYear - 9;
  return {
    year: era * 400 + yearOfEra + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * monthOfYear + 2) / 5) + 1,
  };
}
