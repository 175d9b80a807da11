import { type MeetingBody, useSession } from '@plenum/client';
import { useTranslation } from 'react-i18next';
import { usePeople } from '../../data/meetings.ts';
import { Avatar } from '../../ui/Avatar.tsx';
import { Badge } from '../../ui/Badge.tsx';
import { Skeleton } from '../../ui/Skeleton.tsx';
import styles from './Meeting.module.css';

/** Each is a request of its own, so no more than fit a glance. */
const SHOWN = 24;

/** Who has ever joined, the host first. */
export function People({ meeting }: { meeting: MeetingBody }) {
  const { t } = useTranslation('meetings');
  const { profile } = useSession();
  const ids = meeting.participants.slice(0, SHOWN);
  const people = usePeople(ids);
  const more = meeting.participants.length - ids.length;

  return (
    <section>
      <h2 className={styles.heading}>
        {t('page.people')} <span className={styles.quiet}>{meeting.participants.length}</span>
      </h2>
      <ul className={styles.people}>
        {ids.map((id, place) => {
          const person = people[place];
          const name = person ? `${person.name} ${person.last_name}` : t('page.formerUser');
          return (
            <li key={id}>
              {person === undefined ? (
                <Skeleton width="10rem" height="2.25rem" />
              ) : (
                <>
                  <Avatar name={name} picture={person?.picture ?? null} />
                  <span>
                    {name}
                    {id === profile?.id && <span className={styles.quiet}> ({t('page.you')})</span>}
                  </span>
                  {id === meeting.hostId && <Badge>{t('page.host')}</Badge>}
                </>
              )}
            </li>
          );
        })}
      </ul>
      {more > 0 && <p className={styles.quiet}>{t('page.morePeople', { count: more })}</p>}
    </section>
  );
}
