import { ApiProblem, useRest, useSession } from '@plenum/client';
import { QueryClientProvider } from '@tanstack/react-query';
import { LogIn, UserRound } from 'lucide-react';
import { useState } from 'react';
import { useForm } from 'react-hook-form';
import { useTranslation } from 'react-i18next';
import { useParams } from 'react-router';
import { useFormProblems } from '../../problems.ts';
import { Loading } from '../../shell/Loading.tsx';
import { Plain } from '../../shell/Plain.tsx';
import { Unreachable } from '../../shell/Unreachable.tsx';
import { Button, ButtonLink } from '../../ui/Button.tsx';
import { Card } from '../../ui/Card.tsx';
import { TextField } from '../../ui/Field.tsx';
import { Notice } from '../../ui/Notice.tsx';
import { PageTitle } from '../../ui/PageHeader.tsx';
import { newQueries } from './details.ts';
import { Entrance } from './Entrance.tsx';
import styles from './LinkPage.module.css';

/** Where the link of a meeting leads: in, or for who is not signed in to a choice of how. */
export default function LinkPage() {
  const { code = '' } = useParams();
  const { status } = useSession();
  const [queries] = useState(newQueries);
  switch (status) {
    case 'loading':
      return <Loading />;
    case 'unknown':
      return <Unreachable />;
    case 'signed-out':
      return <Invitation code={code} />;
    case 'signed-in':
      return (
        <QueryClientProvider client={queries}>
          <Entrance key={code} way={{ code }} />
        </QueryClientProvider>
      );
  }
}

/** What the server says of a link that will not get better by another name. */
const CLOSED = new Set<string>(['guests_not_allowed', 'meeting_not_found', 'meeting_ended']);

function Invitation({ code }: { code: string }) {
  const { t } = useTranslation('room');
  const { t: common } = useTranslation();
  const rest = useRest();
  const session = useSession();
  const [closed, setClosed] = useState<ApiProblem | null>(null);
  const form = useForm({ defaultValues: { name: '' } });
  const { errors, isSubmitting } = form.formState;
  const showProblems = useFormProblems(form, { invalid_name: 'name' });
  const next = new URLSearchParams({ next: `/m/${code}` });

  const submit = form.handleSubmit(async ({ name }) => {
    try {
      await rest.auth.guest({ code, name: name.trim() });
      await session.refresh();
    } catch (error) {
      if (error instanceof ApiProblem && CLOSED.has(error.code)) setClosed(error);
      else showProblems(error);
    }
  });
  const longEnough = (name: string) => {
    const length = [...name.trim()].length;
    return (length >= 2 && length <= 50) || t('link.nameNeeded');
  };

  return (
    <Plain>
      <Card className={styles.card}>
        <PageTitle>{t('link.title')}</PageTitle>
        {closed ? (
          <Notice tone="warning">
            {closed.code === 'guests_not_allowed' ? t('link.noGuests') : closed.message}
          </Notice>
        ) : (
          <>
            <form className={styles.way} onSubmit={submit} noValidate>
              <h2>{t('link.guest')}</h2>
              <p className={styles.quiet}>{t('link.guestText')}</p>
              {errors.root?.message && <Notice tone="danger">{errors.root.message}</Notice>}
              <TextField
                label={t('link.name')}
                autoComplete="name"
                autoFocus
                error={errors.name?.message}
                {...form.register('name', { validate: longEnough })}
              />
              <Button type="submit" variant="primary" wide icon={<UserRound />} busy={isSubmitting}>
                {t('link.asGuest')}
              </Button>
            </form>
            <p className={styles.or}>{t('link.or')}</p>
          </>
        )}
        <div className={styles.way}>
          <h2>{t('link.account')}</h2>
          <ButtonLink to={`/login?${next}`} variant={closed ? 'primary' : 'secondary'} wide icon={<LogIn />}>
            {common('login')}
          </ButtonLink>
          <ButtonLink to={`/signup?${next}`} variant="quiet" wide>
            {common('signUp')}
          </ButtonLink>
        </div>
      </Card>
    </Plain>
  );
}
