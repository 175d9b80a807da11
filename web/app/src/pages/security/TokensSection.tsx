import { type PersonalTokenBody, useRest } from '@plenum/client';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { KeyRound, Plus } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '../../i18n/format.ts';
import { useAttempt } from '../../problems.ts';
import styles from '../../shell/Account.module.css';
import { Section } from '../../shell/AccountPage.tsx';
import { Button } from '../../ui/Button.tsx';
import { Dialog, DialogActions } from '../../ui/Dialog.tsx';
import { QueryProblem } from '../../ui/QueryProblem.tsx';
import { Skeleton } from '../../ui/Skeleton.tsx';
import { useToasts } from '../../ui/Toast.tsx';
import { NewTokenDialog } from './NewTokenDialog.tsx';

const KEY = ['personal-tokens'];

export function TokensSection() {
  const { t } = useTranslation('account');
  const { t: common } = useTranslation();
  const rest = useRest();
  const queries = useQueryClient();
  const toasts = useToasts();
  const attempt = useAttempt();
  const tokens = useQuery({ queryKey: KEY, queryFn: ({ signal }) => rest.personalTokens.list({ signal }) });
  const [making, setMaking] = useState(false);
  const [ending, setEnding] = useState<PersonalTokenBody | null>(null);
  const changed = () => queries.invalidateQueries({ queryKey: KEY });

  const end = async ({ id }: PersonalTokenBody) => {
    const done = await attempt(() => rest.personalTokens.remove(id));
    setEnding(null);
    if (done) toasts.success(t('tokens.ended'));
    await changed();
  };

  return (
    <Section title={t('tokens.title')} lead={t('tokens.lead')}>
      {tokens.data ? (
        tokens.data.length > 0 && (
          <ul className={styles.list}>
            {tokens.data.map((token) => (
              <TokenRow key={token.id} token={token} onEnd={() => setEnding(token)} />
            ))}
          </ul>
        )
      ) : tokens.error ? (
        <QueryProblem error={tokens.error} onRetry={() => void tokens.refetch()} />
      ) : (
        <Skeleton height="4rem" />
      )}
      <Button icon={<Plus />} onClick={() => setMaking(true)}>
        {t('tokens.new')}
      </Button>
      {making && <NewTokenDialog onMade={() => void changed()} onClose={() => setMaking(false)} />}
      {ending && (
        <Dialog title={t('tokens.ask')} onClose={() => setEnding(null)}>
          <p>{t('tokens.askText', { name: ending.name })}</p>
          <DialogActions>
            <Button onClick={() => setEnding(null)}>{common('cancel')}</Button>
            <Button variant="danger" onClick={() => void end(ending)}>
              {t('tokens.end')}
            </Button>
          </DialogActions>
        </Dialog>
      )}
    </Section>
  );
}

function TokenRow({ token, onEnd }: { token: PersonalTokenBody; onEnd: () => void }) {
  const { t } = useTranslation('account');
  const format = useFormat();
  return (
    <li>
      <KeyRound aria-hidden="true" />
      <div className={styles.words}>
        <strong>{token.name}</strong>
        <span className={styles.quiet}>
          {token.scopes.join(', ')} · {t('tokens.until', { date: format.date(token.expiresAt) })} ·{' '}
          {token.lastUsedAt ? t('tokens.used', { ago: format.ago(token.lastUsedAt) }) : t('tokens.neverUsed')}
        </span>
      </div>
      <Button size="small" onClick={onEnd} aria-label={t('tokens.endOf', { name: token.name })}>
        {t('tokens.end')}
      </Button>
    </li>
  );
}
