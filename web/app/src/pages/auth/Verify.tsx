import { useState } from 'react';
import { useForm } from 'react-hook-form';
import { useTranslation } from 'react-i18next';
import { useNavigate, useSearchParams } from 'react-router';
import { Button } from '../../ui/Button.tsx';
import { TextField } from '../../ui/Field.tsx';
import { AuthCard } from './AuthCard.tsx';
import styles from './Form.module.css';
import { VerifyForm } from './VerifyForm.tsx';

/** For who comes back later with the digits of a mail. */
export default function Verify() {
  const { t } = useTranslation('auth');
  const navigate = useNavigate();
  const [query] = useSearchParams();
  const [email, setEmail] = useState(query.get('email'));

  if (email) {
    return (
      <AuthCard title={t('verify.title')} lead={t('verify.sent', { email })}>
        <VerifyForm
          email={email}
          onVerified={() => navigate('/login', { state: { email, said: t('verify.done') } })}
        />
      </AuthCard>
    );
  }
  return (
    <AuthCard title={t('verify.title')} lead={t('verify.which')}>
      <EmailForm onEmail={setEmail} />
    </AuthCard>
  );
}

function EmailForm({ onEmail }: { onEmail: (email: string) => void }) {
  const { t } = useTranslation('auth');
  const form = useForm({ defaultValues: { email: '' } });
  return (
    <form
      className={styles.form}
      onSubmit={form.handleSubmit(({ email }) => onEmail(email.trim()))}
      noValidate
    >
      <TextField
        label={t('fields.email')}
        type="email"
        inputMode="email"
        autoComplete="email"
        error={form.formState.errors.email?.message}
        {...form.register('email', { required: t('needed') })}
      />
      <Button type="submit" variant="primary" wide>
        {t('continue')}
      </Button>
    </form>
  );
}
