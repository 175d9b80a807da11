import { useRest, useSession } from '@plenum/client';
import { useTranslation } from 'react-i18next';
import { useAttempt } from '../../problems.ts';
import { Button } from '../../ui/Button.tsx';
import { Notice } from '../../ui/Notice.tsx';
import { useToasts } from '../../ui/Toast.tsx';

/** For an account that was made by signing in elsewhere: a mail brings a link to set a password. */
export function NoPassword() {
  const { t } = useTranslation('account');
  const rest = useRest();
  const { profile } = useSession();
  const toasts = useToasts();
  const attempt = useAttempt();
  const send = async () => {
    const sent = await attempt(() => rest.auth.requestPasswordReset(profile?.email ?? ''));
    if (sent) toasts.success(t('password.linkSent'));
  };
  return (
    <Notice
      tone="warning"
      actions={
        <Button size="small" onClick={() => void send()}>
          {t('password.sendLink')}
        </Button>
      }
    >
      {t('password.none')}
    </Notice>
  );
}
