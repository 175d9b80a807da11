import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';

/** Dates and durations as the language of the app writes them, in the time zone of this device. */
export function useFormat() {
  const { i18n } = useTranslation();
  const language = locale(i18n.language);
  return useMemo(() => {
    const format = (options: Intl.DateTimeFormatOptions) => {
      const formatter = new Intl.DateTimeFormat(language, options);
      return (instant: string | Date) => formatter.format(new Date(instant));
    };
    const relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
    const list = new Intl.ListFormat(language, { type: 'conjunction' });
    return {
      time: format({ timeStyle: 'short' }),
      date: format({ dateStyle: 'medium' }),
      longDate: format({ weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' }),
      dateTime: format({ dateStyle: 'medium', timeStyle: 'short' }),
      month: format({ month: 'short' }),
      day: format({ day: 'numeric' }),
      duration: (minutes: number) => duration(minutes, language),
      ago: (instant: string) => ago(Date.parse(instant) - Date.now(), relative),
      list: (items: string[]) => list.format(items),
    };
  }, [language]);
}

/** Where the device has the same language, its own variety: it knows which clock and order are meant. */
function locale(language: string): string {
  return navigator.languages.find((own) => own.split('-')[0] === language) ?? language;
}

function duration(minutes: number, language: string): string {
  const unit = (value: number, of: 'hour' | 'minute') =>
    new Intl.NumberFormat(language, { style: 'unit', unit: of, unitDisplay: 'short' }).format(value);
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  return [hours > 0 && unit(hours, 'hour'), (rest > 0 || hours === 0) && unit(rest, 'minute')]
    .filter(Boolean)
    .join(' ');
}

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
];

/** How long ago, or how soon, to the largest unit that fits. */
function ago(ms: number, relative: Intl.RelativeTimeFormat): string {
  for (const [unit, size] of STEPS) {
    if (Math.abs(ms) >= size) return relative.format(Math.trunc(ms / size), unit);
  }
  return relative.format(0, 'second');
}
