import { isAbort, useRest } from '@plenum/client';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'react-router';
import { keepNext } from '../../session/next.ts';
import { ProviderIcon, providerName } from '../../ui/Provider.tsx';
import styles from './Providers.module.css';

/** Ways to sign in that the operator has set up beside the password; nothing where there are none. */
export function Providers() {
  const { t } = useTranslation('auth');
  const rest = useRest();
  const [query] = useSearchParams();
  const [names, setNames] = useState<string[]>([]);

  useEffect(() => {
    const leaving = new AbortController();
    rest.providers.list({ signal: leaving.signal }).then(setNames, (error) => {
      // The password works without them.
      if (!isAbort(error)) setNames([]);
    });
    return () => leaving.abort();
  }, [rest]);

  if (names.length === 0) return null;
  return (
    <div className={styles.providers}>
      <p className={styles.or}>{t('or')}</p>
      {names.map((name) => (
        <a
          key={name}
          href={rest.providers.loginAddress(name)}
          className={styles.provider}
          onClick={() => keepNext(query)}
        >
          <ProviderIcon name={name} />
          {t('with', { provider: providerName(name) })}
        </a>
      ))}
    </div>
  );
}
