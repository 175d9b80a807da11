import { ApiProblem, useRest } from '@plenum/client';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation, useNavigate } from 'react-router';
import { useFormat } from '../../i18n/format.ts';
import { useAttempt } from '../../problems.ts';
import { useConfirmed } from '../../session/ConfirmFactor.tsx';
import styles from '../../shell/Account.module.css';
import { Section } from '../../shell/AccountPage.tsx';
import { Button } from '../../ui/Button.tsx';
import { ProviderIcon, providerName } from '../../ui/Provider.tsx';
import { useToasts } from '../../ui/Toast.tsx';
import { PasswordDialog } from './PasswordDialog.tsx';

const IDENTITIES = ['identities'];

type Change = (currentPassword?: string) => Promise<void>;

/** Other ways to sign in to this account; nothing where the operator has set up none. */
export function ProvidersSection() {
  const { t } = useTranslation('account');
  const format = useFormat();
  const rest = useRest();
  const queries = useQueryClient();
  const toasts = useToasts();
  const attempt = useAttempt();
  const confirmed = useConfirmed();
  const [waiting, setWaiting] = useState<Change | null>(null);
  useArrival();
  const providers = useQuery({
    queryKey: ['providers'],
    queryFn: ({ signal }) => rest.providers.list({ signal }),
  });
  const identities = useQuery({
    queryKey: IDENTITIES,
    queryFn: ({ signal }) => rest.providers.identities({ signal }),
  });

  const linked = identities.data ?? [];
  const free = (providers.data ?? []).filter((name) => !linked.some(({ provider }) => provider === name));
  if (linked.length === 0 && free.length === 0) return null;

  /** Asks for the password where the account has one. */
  const begin = (change: Change) =>
    attempt(async () => {
      try {
        await change();
      } catch (error) {
        if (!(error instanceof ApiProblem && error.code === 'current_password_required')) throw error;
        setWaiting(() => change);
      }
    });

  const link = (name: string) =>
    begin(async (password) => location.assign(await confirmed(() => rest.providers.link(name, password))));

  const unlink = (name: string) =>
    begin(async (password) => {
      await confirmed(() => rest.providers.unlink(name, password));
      toasts.success(t('providers.unlinked'));
      await queries.invalidateQueries({ queryKey: IDENTITIES });
    });

  return (
    <Section title={t('providers.title')} lead={t('providers.lead')}>
      <ul className={styles.list}>
        {linked.map(({ provider, kind, email, createdAt }) => (
          <li key={provider}>
            <ProviderIcon name={provider} />
            <div className={styles.words}>
              <strong>{providerName(provider)}</strong>
              <span className={styles.quiet}>
                {[email, t('providers.since', { date: format.date(createdAt) })].filter(Boolean).join(' · ')}
              </span>
            </div>
            {kind === 'provider' && (
              <Button
                size="small"
                onClick={() => void unlink(provider)}
                aria-label={t('providers.unlinkOf', { provider: providerName(provider) })}
              >
                {t('providers.unlink')}
              </Button>
            )}
          </li>
        ))}
        {free.map((name) => (
          <li key={name}>
            <ProviderIcon name={name} />
            <div className={styles.words}>
              <strong>{providerName(name)}</strong>
              <span className={styles.quiet}>{t('providers.notLinked')}</span>
            </div>
            <Button
              size="small"
              onClick={() => void link(name)}
              aria-label={t('providers.linkOf', { provider: providerName(name) })}
            >
              {t('providers.link')}
            </Button>
          </li>
        ))}
      </ul>
      {waiting && <PasswordDialog change={waiting} onClose={() => setWaiting(null)} />}
    </Section>
  );
}

/** Tells how linking an account at a provider went, once. */
function useArrival() {
  const { t } = useTranslation('account');
  const navigate = useNavigate();
  const toasts = useToasts();
  const { state, pathname } = useLocation();
  const { linked, problem } = (state ?? {}) as { linked?: string | null; problem?: string | null };
  useEffect(() => {
    if (linked) toasts.success(t('providers.linked', { provider: providerName(linked) }));
    else if (problem) toasts.problem(problem);
    else return;
    navigate(pathname, { replace: true, state: null });
  }, [linked, problem, pathname, navigate, toasts, t]);
}
