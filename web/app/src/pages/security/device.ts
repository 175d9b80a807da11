const BROWSERS: [RegExp, string][] = [
  [/Edg(e|A|iOS)?\//, 'Edge'],
  [/OPR\//, 'Opera'],
  [/SamsungBrowser\//, 'Samsung Internet'],
  [/(Firefox|FxiOS)\//, 'Firefox'],
  [/(Chrome|CriOS|Chromium)\//, 'Chrome'],
  [/Version\/.*Safari\//, 'Safari'],
];

const SYSTEMS: [RegExp, string][] = [
  [/iPhone/, 'iPhone'],
  [/iPad/, 'iPad'],
  [/Android/, 'Android'],
  [/Windows/, 'Windows'],
  [/Mac OS X|Macintosh/, 'macOS'],
  [/CrOS/, 'ChromeOS'],
  [/Linux/, 'Linux'],
];

export interface Device {
  /** Such as `Firefox · Windows`; null when nothing is known of it. */
  name: string | null;
  mobile: boolean;
}

/** What a browser's `User-Agent` says of it, in words that people know; what an app says, as it is. */
export function deviceOf(userAgent: string | null): Device {
  if (!userAgent) return { name: null, mobile: false };
  const find = (known: [RegExp, string][]) => known.find(([sign]) => sign.test(userAgent))?.[1];
  const names = [find(BROWSERS), find(SYSTEMS)].filter((name) => name !== undefined);
  return {
    name: names.length > 0 ? names.join(' · ') : userAgent,
    mobile: /iPhone|iPad|Android|Mobile/.test(userAgent),
  };
}
