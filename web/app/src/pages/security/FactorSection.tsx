import { useRest } from '@plenum/client';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '../../i18n/format.ts';
import { useAttempt } from '../../problems.ts';
import { useConfirmed } from '../../session/ConfirmFactor.tsx';
import styles from '../../shell/Account.module.css';
import { Section } from '../../shell/AccountPage.tsx';
import { Badge } from '../../ui/Badge.tsx';
import { Button } from '../../ui/Button.tsx';
import { Dialog, DialogActions } from '../../ui/Dialog.tsx';
import { QueryProblem } from '../../ui/QueryProblem.tsx';
import { Skeleton } from '../../ui/Skeleton.tsx';
import { useToasts } from '../../ui/Toast.tsx';
import { FactorSetup } from './FactorSetup.tsx';
import { RecoveryCodeList } from './RecoveryCodeList.tsx';

/** From how few recovery codes on it is time for others. */
const FEW = 3;

export function FactorSection() {
  const { t } = useTranslation('account');
  const rest = useRest();
  const queries = useQueryClient();
  const factor = useQuery({
    queryKey: ['second-factor'],
    queryFn: ({ signal }) => rest.secondFactor.get({ signal }),
  });
  const [settingUp, setSettingUp] = useState(false);

  const changed = () => {
    void queries.invalidateQueries({ queryKey: ['second-factor'] });
    void queries.invalidateQueries({ queryKey: ['sessions'] });
  };

  return (
    <Section title={t('factor.title')} lead={t('factor.lead')}>
      {factor.data ? (
        factor.data.enabled ? (
          <Enabled
            since={factor.data.since}
            codesLeft={factor.data.recoveryCodesLeft}
            required={factor.data.required}
            onChanged={changed}
          />
        ) : (
          <>
            <Badge>{t('factor.off')}</Badge>
            <Button variant="primary" onClick={() => setSettingUp(true)}>
              {t('factor.setUp')}
            </Button>
          </>
        )
      ) : factor.error ? (
        <QueryProblem error={factor.error} onRetry={() => void factor.refetch()} />
      ) : (
        <Skeleton width="12rem" height="2.75rem" />
      )}
      {settingUp && (
        <Dialog title={t('factor.setUp')} onClose={() => setSettingUp(false)} sticky>
          <FactorSetup onEnabled={changed} onDone={() => setSettingUp(false)} />
        </Dialog>
      )}
    </Section>
  );
}

interface EnabledProps {
  since: string | null;
  codesLeft: number;
  required: boolean;
  onChanged: () => void;
}

function Enabled({ since, codesLeft, required, onChanged }: EnabledProps) {
  const { t } = useTranslation('account');
  const { t: common } = useTranslation();
  const format = useFormat();
  const rest = useRest();
  const toasts = useToasts();
  const attempt = useAttempt();
  const confirmed = useConfirmed();
  const [codes, setCodes] = useState<string[] | null>(null);
  const [asking, setAsking] = useState(false);

  const renew = () =>
    attempt(async () => {
      const renewed = await confirmed(() => rest.secondFactor.renewRecoveryCodes());
      setCodes(renewed.recoveryCodes);
      onChanged();
    });

  const turnOff = async () => {
    const done = await attempt(() => confirmed(() => rest.secondFactor.remove()));
    setAsking(false);
    if (!done) return;
    toasts.success(t('factor.turnedOff'));
    onChanged();
  };

  return (
    <>
      <div className={styles.line}>
        <Badge tone="accent">{t('factor.on')}</Badge>
        {since && <span className={styles.quiet}>{t('factor.since', { date: format.date(since) })}</span>}
      </div>
      <div className={styles.line}>
        <span>{t('factor.codesLeft', { count: codesLeft })}</span>
        {codesLeft <= FEW && <Badge tone="warning">{t('factor.fewCodes')}</Badge>}
      </div>
      <div className={styles.line}>
        <Button onClick={() => void renew()}>{t('factor.renew')}</Button>
        {!required && (
          <Button variant="quiet" onClick={() => setAsking(true)}>
            {t('factor.turnOff')}
          </Button>
        )}
      </div>
      {codes && (
        <Dialog title={t('codes.title')} onClose={() => setCodes(null)} sticky>
          <RecoveryCodeList codes={codes} onDone={() => setCodes(null)} />
        </Dialog>
      )}
      {asking && (
        <Dialog title={t('factor.askOff')} onClose={() => setAsking(false)}>
          <p>{t('factor.askOffText')}</p>
          <DialogActions>
            <Button onClick={() => setAsking(false)}>{common('cancel')}</Button>
            <Button variant="danger" onClick={() => void turnOff()}>
              {t('factor.turnOff')}
            </Button>
          </DialogActions>
        </Dialog>
      )}
    </>
  );
}
