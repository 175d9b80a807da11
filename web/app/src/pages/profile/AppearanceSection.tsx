import { useTranslation } from 'react-i18next';
import { LANGUAGES, type Language, setLanguage } from '../../i18n/index.ts';
import styles from '../../shell/Account.module.css';
import { Section } from '../../shell/AccountPage.tsx';
import { THEMES, type Theme, useTheme } from '../../theme.ts';
import { SelectField } from '../../ui/Field.tsx';

/** Kept on this device. */
export function AppearanceSection() {
  const { t } = useTranslation('account');
  const { t: common, i18n } = useTranslation();
  const [theme, setTheme] = useTheme();
  return (
    <Section title={t('appearance.title')} lead={t('appearance.lead')}>
      <div className={`${styles.form} ${styles.pair}`}>
        <SelectField
          label={common('language')}
          value={i18n.language}
          onChange={(event) => void setLanguage(event.target.value as Language)}
        >
          {Object.entries(LANGUAGES).map(([code, name]) => (
            <option key={code} value={code}>
              {name}
            </option>
          ))}
        </SelectField>
        <SelectField
          label={common('theme')}
          value={theme}
          onChange={(event) => setTheme(event.target.value as Theme)}
        >
          {THEMES.map((name) => (
            <option key={name} value={name}>
              {common(`themes.${name}`)}
            </option>
          ))}
        </SelectField>
      </div>
    </Section>
  );
}
