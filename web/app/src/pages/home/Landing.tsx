import { KeyRound, MessagesSquare, Video } from 'lucide-react';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { Plain } from '../../shell/Plain.tsx';
import { ButtonLink } from '../../ui/Button.tsx';
import { JoinForm } from './JoinForm.tsx';
import styles from './Landing.module.css';
import { RoomPicture } from './RoomPicture.tsx';

const POINTS = [
  { key: 'chat', Icon: MessagesSquare },
  { key: 'calls', Icon: Video },
  { key: 'own', Icon: KeyRound },
] as const;

export default function Landing() {
  const { t } = useTranslation();
  useEffect(() => {
    document.title = `Plenum · ${t('landing.title')}`;
  }, [t]);
  return (
    <Plain
      actions={
        <ButtonLink to="/login" size="small" className={styles.headerLogin}>
          {t('login')}
        </ButtonLink>
      }
    >
      <div className={styles.page}>
        <section className={styles.hero}>
          <div className={styles.words}>
            <h1>{t('landing.title')}</h1>
            <p className={styles.lead}>{t('landing.lead')}</p>
            <div className={styles.actions}>
              <ButtonLink to="/signup" variant="primary" size="large">
                {t('signUp')}
              </ButtonLink>
              <ButtonLink to="/login" size="large">
                {t('login')}
              </ButtonLink>
            </div>
            <JoinForm />
          </div>
          <RoomPicture />
        </section>
        <ul className={styles.points}>
          {POINTS.map(({ key, Icon }) => (
            <li key={key}>
              <Icon aria-hidden="true" />
              <h2>{t(`landing.points.${key}.title`)}</h2>
              <p>{t(`landing.points.${key}.text`)}</p>
            </li>
          ))}
        </ul>
        <footer className={styles.footer}>
          <a href="/docs">{t('landing.docs')}</a>
        </footer>
      </div>
    </Plain>
  );
}
