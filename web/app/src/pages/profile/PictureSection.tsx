import { type Profile, useRest, useSession } from '@plenum/client';
import { ImageUp } from 'lucide-react';
import { type ChangeEvent, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAttempt } from '../../problems.ts';
import account from '../../shell/Account.module.css';
import { Section } from '../../shell/AccountPage.tsx';
import { Avatar } from '../../ui/Avatar.tsx';
import { Button } from '../../ui/Button.tsx';
import { Dialog, DialogActions } from '../../ui/Dialog.tsx';
import { useToasts } from '../../ui/Toast.tsx';
import styles from './PictureSection.module.css';

const TYPES = ['image/png', 'image/jpeg', 'image/webp'];
const MOST_BYTES = 5 * 1024 * 1024;

export function PictureSection({ profile }: { profile: Profile }) {
  const { t } = useTranslation('account');
  const { t: common } = useTranslation();
  const rest = useRest();
  const session = useSession();
  const toasts = useToasts();
  const attempt = useAttempt();
  const input = useRef<HTMLInputElement>(null);
  const [chosen, setChosen] = useState<File | null>(null);
  const [busy, setBusy] = useState(false);

  const choose = (event: ChangeEvent<HTMLInputElement>) => {
    const file = event.target.files?.[0];
    // So that choosing the same file again is heard of.
    event.target.value = '';
    if (!file) return;
    if (!TYPES.includes(file.type)) toasts.problem(t('picture.wrongType'));
    else if (file.size > MOST_BYTES) toasts.problem(t('picture.tooBig'));
    else setChosen(file);
  };

  const change = async (action: () => Promise<Profile>, said: string) => {
    setBusy(true);
    if (await attempt(async () => session.replace(await action()))) {
      setChosen(null);
      toasts.success(said);
    }
    setBusy(false);
  };

  return (
    <Section title={t('picture.title')} lead={t('picture.lead')}>
      <div className={account.line}>
        <Avatar name={`${profile.name} ${profile.last_name}`} picture={profile.picture} size={5} />
        <Button icon={<ImageUp />} onClick={() => input.current?.click()}>
          {t(profile.picture ? 'picture.change' : 'picture.upload')}
        </Button>
        {profile.picture && (
          <Button
            variant="quiet"
            disabled={busy}
            onClick={() => void change(() => rest.users.removeAvatar(), t('picture.removed'))}
          >
            {t('picture.remove')}
          </Button>
        )}
        <input
          ref={input}
          type="file"
          accept={TYPES.join()}
          onChange={choose}
          hidden
          aria-label={t('picture.upload')}
        />
      </div>
      {chosen && (
        <Dialog title={t('picture.preview')} onClose={() => setChosen(null)}>
          <Preview file={chosen} onBroken={() => toasts.problem(t('picture.wrongType'))} />
          <DialogActions>
            <Button onClick={() => setChosen(null)}>{common('cancel')}</Button>
            <Button
              variant="primary"
              busy={busy}
              onClick={() => void change(() => rest.users.setAvatar(chosen), t('picture.changed'))}
            >
              {t('picture.use')}
            </Button>
          </DialogActions>
        </Dialog>
      )}
    </Section>
  );
}

/** The middle square, as the server will cut it. */
function Preview({ file, onBroken }: { file: File; onBroken: () => void }) {
  const { t } = useTranslation('account');
  const [address, setAddress] = useState<string | null>(null);
  useEffect(() => {
    const made = URL.createObjectURL(file);
    setAddress(made);
    return () => URL.revokeObjectURL(made);
  }, [file]);
  return (
    address && <img src={address} alt={t('picture.preview')} className={styles.preview} onError={onBroken} />
  );
}
