import { useState } from 'react';
import { useForm } from 'react-hook-form';
import { useTranslation } from 'react-i18next';
import { useFormProblems } from '../../problems.ts';
import { Button } from '../../ui/Button.tsx';
import { CodeField } from '../../ui/Field.tsx';
import { Notice } from '../../ui/Notice.tsx';
import styles from './Form.module.css';

interface FactorFormProps {
  onCode: (code: string) => Promise<void>;
  onBack: () => void;
}

/** The second factor: what the app shows, or a recovery code for who has lost it. */
export function FactorForm({ onCode, onBack }: FactorFormProps) {
  const { t } = useTranslation('auth');
  const [recovery, setRecovery] = useState(false);
  const form = useForm({ defaultValues: { code: '' } });
  const { errors, isSubmitting } = form.formState;
  const showProblems = useFormProblems(form, {
    invalid_second_factor: 'code',
    second_factor_required: 'code',
  });

  const submit = form.handleSubmit(async ({ code }) => {
    try {
      await onCode(code.trim());
    } catch (error) {
      showProblems(error);
    }
  });

  const other = () => {
    setRecovery(!recovery);
    form.reset();
    form.setFocus('code');
  };

  return (
    <form className={styles.form} onSubmit={submit} noValidate>
      {errors.root?.message && <Notice tone="danger">{errors.root.message}</Notice>}
      <CodeField
        label={t(recovery ? 'factor.recoveryCode' : 'factor.code')}
        recovery={recovery}
        autoFocus
        error={errors.code?.message}
        {...form.register('code', { required: t('needed') })}
      />
      <Button type="submit" variant="primary" wide busy={isSubmitting}>
        {t('continue')}
      </Button>
      <div className={styles.links}>
        <button type="button" className={styles.link} onClick={other}>
          {t(recovery ? 'factor.useApp' : 'factor.useRecovery')}
        </button>
        <button type="button" className={styles.link} onClick={onBack}>
          {t('back')}
        </button>
      </div>
    </form>
  );
}
