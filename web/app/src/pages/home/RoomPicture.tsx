import { Mic, MonitorUp, PhoneOff, Video } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import styles from './RoomPicture.module.css';

const PEOPLE = ['Ana', 'Tomás', 'Mei', 'Noor'];

/** What a meeting looks like, for who has not been in one. */
export function RoomPicture() {
  const { t } = useTranslation();
  return (
    <div className={styles.room} aria-hidden="true">
      <div className={styles.tiles}>
        {PEOPLE.map((name) => (
          <div key={name} className={styles.tile}>
            <svg viewBox="0 0 64 64" aria-hidden="true">
              <circle cx="32" cy="25" r="11" />
              <path d="M12 64a20 20 0 0 1 40 0z" />
            </svg>
            <span>{name}</span>
          </div>
        ))}
      </div>
      <div className={styles.chat}>
        <p>
          <b>Mei</b> {t('landing.picture.first')}
        </p>
        <p className={styles.own}>{t('landing.picture.second')}</p>
      </div>
      <div className={styles.controls}>
        <span>
          <Mic />
        </span>
        <span>
          <Video />
        </span>
        <span>
          <MonitorUp />
        </span>
        <span className={styles.leave}>
          <PhoneOff />
        </span>
      </div>
    </div>
  );
}
