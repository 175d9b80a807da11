import { type Profile, useRest, useSession } from '@plenum/client';
import { useForm } from 'react-hook-form';
import { useTranslation } from 'react-i18next';
import { useFormProblems } from '../../problems.ts';
import styles from '../../shell/Account.module.css';
import { Section } from '../../shell/AccountPage.tsx';
import { Button } from '../../ui/Button.tsx';
import { TextField } from '../../ui/Field.tsx';
import { Notice } from '../../ui/Notice.tsx';
import { useToasts } from '../../ui/Toast.tsx';

const FIELDS = { invalid_name: 'name', invalid_last_name: 'last_name', invalid_age: 'age' } as const;

export function NamesSection({ profile }: { profile: Profile }) {
  const { t } = useTranslation('account');
  const { t: common } = useTranslation();
  const rest = useRest();
  const session = useSession();
  const toasts = useToasts();
  const form = useForm({ values: fieldsOf(profile) });
  const { errors, isSubmitting, isDirty } = form.formState;
  const showProblems = useFormProblems(form, FIELDS);
  const needed = { required: t('needed') };

  const submit = form.handleSubmit(async ({ age, ...names }) => {
    try {
      // An age that was never asked for may stay unsaid.
      session.replace(await rest.users.update(age === '' ? names : { ...names, age }));
      toasts.success(t('names.saved'));
    } catch (error) {
      showProblems(error);
    }
  });

  return (
    <Section title={t('names.title')} lead={t('names.lead')}>
      <form className={styles.form} onSubmit={submit} noValidate>
        {errors.root?.message && <Notice tone="danger">{errors.root.message}</Notice>}
        <div className={styles.pair}>
          <TextField
            label={t('names.first')}
            autoComplete="given-name"
            error={errors.name?.message}
            {...form.register('name', needed)}
          />
          <TextField
            label={t('names.last')}
            autoComplete="family-name"
            error={errors.last_name?.message}
            {...form.register('last_name', needed)}
          />
        </div>
        <TextField
          label={t('names.age')}
          inputMode="numeric"
          maxLength={3}
          className={styles.short}
          error={errors.age?.message}
          {...form.register('age')}
        />
        <div>
          <Button type="submit" variant="primary" busy={isSubmitting} disabled={!isDirty}>
            {common('save')}
          </Button>
        </div>
      </form>
    </Section>
  );
}

function fieldsOf(profile: Profile) {
  return { name: profile.name, last_name: profile.last_name, age: profile.age ? String(profile.age) : '' };
}
