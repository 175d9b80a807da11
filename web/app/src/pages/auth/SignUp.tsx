import { ApiProblem, type Registration, useRest, useSession } from '@plenum/client';
import { useState } from 'react';
import { useForm } from 'react-hook-form';
import { Trans, useTranslation } from 'react-i18next';
import { Link, useSearchParams } from 'react-router';
import { useFormProblems } from '../../problems.ts';
import { withNext } from '../../session/next.ts';
import { Button, ButtonLink } from '../../ui/Button.tsx';
import { PasswordField, TextField } from '../../ui/Field.tsx';
import { Notice } from '../../ui/Notice.tsx';
import { AuthCard } from './AuthCard.tsx';
import styles from './Form.module.css';
import { Providers } from './Providers.tsx';
import { VerifyForm } from './VerifyForm.tsx';

type Fields = Registration & { invitation: string };

const FIELDS = {
  invalid_email: 'email',
  email_taken: 'email',
  email_domain_not_allowed: 'email',
  weak_password: 'password',
  password_required: 'password',
  invalid_name: 'name',
  invalid_last_name: 'last_name',
  invalid_age: 'age',
  invalid_invitation: 'invitation',
} as const;

export default function SignUp() {
  const { t } = useTranslation('auth');
  const rest = useRest();
  const session = useSession();
  const [query] = useSearchParams();
  const invited = query.get('invitation') ?? '';
  const [askInvitation, setAskInvitation] = useState(invited !== '');
  const [closed, setClosed] = useState(false);
  /** Who has registered and has an address to confirm first. */
  const [unverified, setUnverified] = useState<Fields | null>(null);
  const form = useForm<Fields>({
    defaultValues: { email: '', password: '', name: '', last_name: '', age: '', invitation: invited },
  });
  const { errors, isSubmitting } = form.formState;
  const showProblems = useFormProblems<Fields>(form, FIELDS);

  const submit = form.handleSubmit(async ({ invitation, ...fields }) => {
    try {
      await rest.auth.register(invitation.trim() ? { ...fields, invitation: invitation.trim() } : fields);
    } catch (error) {
      const code = error instanceof ApiProblem ? error.code : null;
      if (code === 'registration_closed') return setClosed(true);
      if (code === 'invitation_required' || code === 'invalid_invitation') setAskInvitation(true);
      return showProblems(error);
    }
    try {
      await session.login(fields);
    } catch (error) {
      if (error instanceof ApiProblem && error.code === 'email_not_verified')
        return setUnverified({ ...fields, invitation });
      showProblems(error);
    }
  });

  const footer = (
    <Trans
      t={t}
      i18nKey="signUp.haveAccount"
      components={{ login: <Link to={withNext('/login', query)} /> }}
    />
  );

  if (closed) {
    return (
      <AuthCard title={t('signUp.closed')} lead={t('signUp.closedText')}>
        <ButtonLink to={withNext('/login', query)} variant="primary">
          {t('login.action')}
        </ButtonLink>
      </AuthCard>
    );
  }
  if (unverified) {
    return (
      <AuthCard title={t('verify.title')} lead={t('verify.sent', { email: unverified.email })}>
        <VerifyForm email={unverified.email} onVerified={() => session.login(unverified)} />
      </AuthCard>
    );
  }
  return (
    <AuthCard title={t('signUp.title')} lead={t('signUp.lead')} footer={footer}>
      <form className={styles.form} onSubmit={submit} noValidate>
        {errors.root?.message && <Notice tone="danger">{errors.root.message}</Notice>}
        <div className={styles.pair}>
          <TextField
            label={t('fields.name')}
            autoComplete="given-name"
            error={errors.name?.message}
            {...form.register('name', { required: t('needed') })}
          />
          <TextField
            label={t('fields.lastName')}
            autoComplete="family-name"
            error={errors.last_name?.message}
            {...form.register('last_name', { required: t('needed') })}
          />
        </div>
        <TextField
          label={t('fields.email')}
          type="email"
          inputMode="email"
          autoComplete="email"
          error={errors.email?.message}
          {...form.register('email', { required: t('needed') })}
        />
        <PasswordField
          label={t('fields.password')}
          autoComplete="new-password"
          error={errors.password?.message}
          {...form.register('password', { required: t('needed') })}
        />
        <TextField
          label={t('fields.age')}
          inputMode="numeric"
          maxLength={3}
          error={errors.age?.message}
          {...form.register('age', { required: t('needed') })}
        />
        {askInvitation && (
          <TextField
            label={t('fields.invitation')}
            hint={t('signUp.invitationHint')}
            autoComplete="off"
            error={errors.invitation?.message}
            {...form.register('invitation')}
          />
        )}
        <Button type="submit" variant="primary" wide busy={isSubmitting}>
          {t('signUp.action')}
        </Button>
      </form>
      <Providers />
    </AuthCard>
  );
}
