import { ApiProblem, type SecondFactorProposal, useRest } from '@plenum/client';
import { useState } from 'react';
import { useForm } from 'react-hook-form';
import { useTranslation } from 'react-i18next';
import { useFormProblems } from '../../problems.ts';
import { Button } from '../../ui/Button.tsx';
import { CopyButton } from '../../ui/CopyButton.tsx';
import { CodeField, PasswordField } from '../../ui/Field.tsx';
import { Notice } from '../../ui/Notice.tsx';
import styles from './FactorSetup.module.css';
import { NoPassword } from './NoPassword.tsx';
import { RecoveryCodeList } from './RecoveryCodeList.tsx';

interface FactorSetupProps {
  /** It counts from now on; recovery codes are still on the screen. */
  onEnabled?: () => void;
  onDone: () => void;
}

/** From the password over the picture to scan to the recovery codes. */
export function FactorSetup({ onEnabled, onDone }: FactorSetupProps) {
  const [proposal, setProposal] = useState<SecondFactorProposal | null>(null);
  const [codes, setCodes] = useState<string[] | null>(null);

  if (codes) return <RecoveryCodeList codes={codes} onDone={onDone} />;
  if (proposal) {
    return (
      <ScanStep
        proposal={proposal}
        onCodes={(shown) => {
          setCodes(shown);
          onEnabled?.();
        }}
      />
    );
  }
  return <PasswordStep onProposal={setProposal} />;
}

function PasswordStep({ onProposal }: { onProposal: (proposal: SecondFactorProposal) => void }) {
  const { t } = useTranslation('account');
  const rest = useRest();
  const [none, setNone] = useState(false);
  const form = useForm({ defaultValues: { password: '' } });
  const { errors, isSubmitting } = form.formState;
  const showProblems = useFormProblems(form, { wrong_password: 'password', password_required: 'password' });

  const submit = form.handleSubmit(async ({ password }) => {
    try {
      onProposal(await rest.secondFactor.propose(password));
    } catch (error) {
      if (error instanceof ApiProblem && error.code === 'no_password') setNone(true);
      else showProblems(error);
    }
  });

  if (none) return <NoPassword />;
  return (
    <form className={styles.step} onSubmit={submit} noValidate>
      <p>{t('setup.password')}</p>
      {errors.root?.message && <Notice tone="danger">{errors.root.message}</Notice>}
      <PasswordField
        label={t('password.current')}
        autoComplete="current-password"
        autoFocus
        error={errors.password?.message}
        {...form.register('password', { required: t('needed') })}
      />
      <Button type="submit" variant="primary" wide busy={isSubmitting}>
        {t('setup.continue')}
      </Button>
    </form>
  );
}

interface ScanStepProps {
  proposal: SecondFactorProposal;
  onCodes: (codes: string[]) => void;
}

function ScanStep({ proposal, onCodes }: ScanStepProps) {
  const { t } = useTranslation('account');
  const rest = useRest();
  const form = useForm({ defaultValues: { code: '' } });
  const { errors, isSubmitting } = form.formState;
  const showProblems = useFormProblems(form, {
    invalid_second_factor: 'code',
    second_factor_required: 'code',
  });

  const submit = form.handleSubmit(async ({ code }) => {
    try {
      onCodes((await rest.secondFactor.confirm(code.trim())).recoveryCodes);
    } catch (error) {
      showProblems(error);
    }
  });

  return (
    <form className={styles.step} onSubmit={submit} noValidate>
      <p>{t('setup.scan')}</p>
      <img src={proposal.qr} alt={t('setup.qr')} className={styles.qr} />
      <details className={styles.byHand}>
        <summary>{t('setup.byHand')}</summary>
        <code>{proposal.secret.replace(/(.{4})/g, '$1 ').trim()}</code>
        <div className={styles.line}>
          <CopyButton size="small" text={proposal.secret} label={t('setup.copyKey')} />
          <a href={proposal.url}>{t('setup.openApp')}</a>
        </div>
      </details>
      {errors.root?.message && <Notice tone="danger">{errors.root.message}</Notice>}
      <CodeField
        label={t('setup.code')}
        maxLength={6}
        autoFocus
        error={errors.code?.message}
        {...form.register('code', { required: t('needed') })}
      />
      <Button type="submit" variant="primary" wide busy={isSubmitting}>
        {t('setup.confirm')}
      </Button>
    </form>
  );
}
