import { useForm } from 'react-hook-form';
import { useTranslation } from 'react-i18next';
import { useFormProblems } from '../../problems.ts';
import { Button } from '../../ui/Button.tsx';
import { Dialog, DialogActions } from '../../ui/Dialog.tsx';
import { PasswordField } from '../../ui/Field.tsx';
import { Notice } from '../../ui/Notice.tsx';

interface PasswordDialogProps {
  /** What is done with the password; what goes wrong is shown here. */
  change: (currentPassword: string) => Promise<void>;
  onClose: () => void;
}

/** Asks for the password before a change that lets others in. */
export function PasswordDialog({ change, onClose }: PasswordDialogProps) {
  const { t } = useTranslation('account');
  const form = useForm({ defaultValues: { currentPassword: '' } });
  const { errors, isSubmitting } = form.formState;
  const showProblems = useFormProblems(form, {
    wrong_password: 'currentPassword',
    current_password_required: 'currentPassword',
  });

  const submit = form.handleSubmit(async ({ currentPassword }) => {
    try {
      await change(currentPassword);
      onClose();
    } catch (error) {
      showProblems(error);
    }
  });

  return (
    <Dialog title={t('providers.confirm')} onClose={onClose}>
      <form onSubmit={submit} noValidate>
        <p>{t('providers.confirmLead')}</p>
        {errors.root?.message && <Notice tone="danger">{errors.root.message}</Notice>}
        <PasswordField
          label={t('password.current')}
          autoComplete="current-password"
          autoFocus
          error={errors.currentPassword?.message}
          {...form.register('currentPassword', { required: t('needed') })}
        />
        <DialogActions>
          <Button onClick={onClose}>{t('cancel', { ns: 'common' })}</Button>
          <Button type="submit" variant="primary" busy={isSubmitting}>
            {t('providers.confirmAction')}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
