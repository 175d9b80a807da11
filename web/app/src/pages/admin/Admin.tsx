import { useSession } from '@plenum/client';
import { Tabs } from 'radix-ui';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'react-router';
import { PageHeader } from '../../ui/PageHeader.tsx';
import NotFound from '../NotFound.tsx';
import { Accounts } from './Accounts.tsx';
import styles from './Admin.module.css';
import { Audit } from './Audit.tsx';
import { Incidents } from './Incidents.tsx';
import { Overview } from './Overview.tsx';
import { Rooms } from './Rooms.tsx';
import { Sockets } from './Sockets.tsx';

const TABS = {
  overview: Overview,
  rooms: Rooms,
  sockets: Sockets,
  accounts: Accounts,
  incidents: Incidents,
  audit: Audit,
} as const;
type Tab = keyof typeof TABS;
const NAMES = Object.keys(TABS) as Tab[];

/** What an admin sees and does. For everybody else there is no such page: the server would refuse all of it. */
export default function Admin() {
  const { profile } = useSession();
  return profile?.admin ? <Administration /> : <NotFound />;
}

function Administration() {
  const { t } = useTranslation('admin');
  const [search, setSearch] = useSearchParams();
  const tab = NAMES.find((name) => name === search.get('tab')) ?? 'overview';
  useEffect(() => {
    document.title = `${t('window')} · Plenum`;
  }, [t]);
  return (
    <>
      <PageHeader title={t('title')} />
      <Tabs.Root value={tab} onValueChange={(name) => setSearch({ tab: name })}>
        <Tabs.List className={styles.tabs} aria-label={t('title')}>
          {NAMES.map((name) => (
            <Tabs.Trigger key={name} value={name} className={styles.tab}>
              {t(`tabs.${name}`)}
            </Tabs.Trigger>
          ))}
        </Tabs.List>
        {NAMES.map((name) => {
          const Content = TABS[name];
          return (
            <Tabs.Content key={name} value={name} className={styles.content}>
              <Content />
            </Tabs.Content>
          );
        })}
      </Tabs.Root>
    </>
  );
}
