import { Monitor, Moon, Sun } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { LANGUAGES, type Language, setLanguage } from '../i18n/index.ts';
import { THEMES, useTheme } from '../theme.ts';
import { IconButton } from '../ui/Button.tsx';
import styles from './Preferences.module.css';

const ICONS = { system: Monitor, light: Sun, dark: Moon };

/** Language and theme, for who is not signed in. */
export function Preferences() {
  return (
    <div className={styles.preferences}>
      <LanguageSelect />
      <ThemeButton />
    </div>
  );
}

function LanguageSelect() {
  const { t, i18n } = useTranslation();
  return (
    <select
      className={styles.language}
      aria-label={t('language')}
      value={i18n.language}
      onChange={(event) => void setLanguage(event.target.value as Language)}
    >
      {Object.entries(LANGUAGES).map(([code, name]) => (
        <option key={code} value={code}>
          {name}
        </option>
      ))}
    </select>
  );
}

function ThemeButton() {
  const { t } = useTranslation();
  const [theme, setTheme] = useTheme();
  const Icon = ICONS[theme];
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? 'system';
  return (
    <IconButton
      size="small"
      icon={<Icon />}
      label={t('themeIs', { theme: t(`themes.${theme}`) })}
      onClick={() => setTheme(next)}
    />
  );
}
