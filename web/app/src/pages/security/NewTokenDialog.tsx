import { type Scope, useRest } from '@plenum/client';
import { useState } from 'react';
import { useForm } from 'react-hook-form';
import { useTranslation } from 'react-i18next';
import { useFormProblems } from '../../problems.ts';
import { Button } from '../../ui/Button.tsx';
import { CopyButton } from '../../ui/CopyButton.tsx';
import { Dialog, DialogActions } from '../../ui/Dialog.tsx';
import { CheckField, SelectField, TextField } from '../../ui/Field.tsx';
import { Notice } from '../../ui/Notice.tsx';
import styles from './NewTokenDialog.module.css';

const SCOPES: Scope[] = ['read', 'write', 'realtime'];
const DAYS = [7, 30, 90, 180, 366];
const NAME_MAX = 100;

interface NewTokenDialogProps {
  onMade: () => void;
  onClose: () => void;
}

export function NewTokenDialog({ onMade, onClose }: NewTokenDialogProps) {
  const { t } = useTranslation('account');
  const [secret, setSecret] = useState<string | null>(null);
  if (secret === null) {
    return (
      <Dialog title={t('tokens.new')} onClose={onClose} sticky>
        <TokenForm
          onClose={onClose}
          onSecret={(made) => {
            setSecret(made);
            onMade();
          }}
        />
      </Dialog>
    );
  }
  return (
    <Dialog title={t('tokens.made')} onClose={onClose} sticky>
      <Notice tone="warning">{t('tokens.once')}</Notice>
      <code className={styles.secret}>{secret}</code>
      <DialogActions>
        <CopyButton text={secret} label={t('tokens.copy')} />
        <Button variant="primary" onClick={onClose}>
          {t('codes.done')}
        </Button>
      </DialogActions>
    </Dialog>
  );
}

function TokenForm({ onSecret, onClose }: { onSecret: (secret: string) => void; onClose: () => void }) {
  const { t } = useTranslation('account');
  const { t: common } = useTranslation();
  const rest = useRest();
  const form = useForm({ defaultValues: { name: '', scopes: ['read'] as Scope[], days: '30' } });
  const { errors, isSubmitting } = form.formState;
  const showProblems = useFormProblems(form);

  const submit = form.handleSubmit(async ({ name, scopes, days }) => {
    try {
      const made = await rest.personalTokens.create({ name, scopes, expiresInDays: Number(days) });
      onSecret(made.secret);
    } catch (error) {
      showProblems(error);
    }
  });

  return (
    <form onSubmit={submit} noValidate>
      {errors.root?.message && <Notice tone="danger">{errors.root.message}</Notice>}
      <TextField
        label={t('tokens.name')}
        hint={t('tokens.nameHint')}
        maxLength={NAME_MAX}
        autoComplete="off"
        autoFocus
        error={errors.name?.message}
        {...form.register('name', { required: t('needed') })}
      />
      <fieldset className={styles.scopes}>
        <legend>{t('tokens.scopes')}</legend>
        {SCOPES.map((scope) => (
          <CheckField
            key={scope}
            label={t(`scopes.${scope}.name`)}
            hint={t(`scopes.${scope}.text`)}
            value={scope}
            {...form.register('scopes', { validate: (chosen) => chosen.length > 0 || t('tokens.noScope') })}
          />
        ))}
        {errors.scopes?.message && <p className={styles.error}>{errors.scopes.message}</p>}
      </fieldset>
      <SelectField label={t('tokens.lifetime')} {...form.register('days')}>
        {DAYS.map((days) => (
          <option key={days} value={days}>
            {t('tokens.days', { count: days })}
          </option>
        ))}
      </SelectField>
      <DialogActions>
        <Button onClick={onClose}>{common('cancel')}</Button>
        <Button type="submit" variant="primary" busy={isSubmitting}>
          {t('tokens.make')}
        </Button>
      </DialogActions>
    </form>
  );
}
