import i18n, { type BackendModule } from 'i18next';
import { initReactI18next } from 'react-i18next';

export const LANGUAGES = { en: 'English', es: 'Español' } as const;
export type Language = keyof typeof LANGUAGES;

const STORED = 'plenum.language';

/** Texts by language and part of the app, each a file of its own that is loaded when it is shown. */
const files = import.meta.glob<{ default: object }>('./locales/*/*.json');

const backend: BackendModule = {
  type: 'backend',
  init: () => {},
  read: (language, part, done) => {
    const load = files[`./locales/${language}/${part}.json`];
    if (!load) return done(new Error(`No texts of ${part} in ${language}`), null);
    load().then(
      (texts) => done(null, texts.default as Record<string, string>),
      (error: Error) => done(error, null),
    );
  },
};

function isLanguage(text: string | null): text is Language {
  return text !== null && Object.hasOwn(LANGUAGES, text);
}

function preferred(): Language {
  const stored = localStorage.getItem(STORED);
  const wanted = [stored, ...navigator.languages.map((language) => language.split('-')[0] ?? '')];
  return wanted.find(isLanguage) ?? 'en';
}

function show(language: string) {
  document.documentElement.lang = language;
}

export async function startI18n(): Promise<void> {
  i18n.on('languageChanged', show);
  await i18n
    .use(backend)
    .use(initReactI18next)
    .init({
      lng: preferred(),
      supportedLngs: Object.keys(LANGUAGES),
      fallbackLng: false,
      ns: ['common'],
      defaultNS: 'common',
      interpolation: { escapeValue: false },
    });
}

export function language(): Language {
  return isLanguage(i18n.language) ? i18n.language : 'en';
}

export async function setLanguage(chosen: Language): Promise<void> {
  localStorage.setItem(STORED, chosen);
  await i18n.changeLanguage(chosen);
}
