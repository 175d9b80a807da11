import type { Meeting } from '@plenum/client';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAttempt } from '../../../problems.ts';
import { Button } from '../../../ui/Button.tsx';
import { Dialog, DialogActions } from '../../../ui/Dialog.tsx';

/** Asks before everybody is sent out. */
export function EndDialog({ meeting, onClose }: { meeting: Meeting; onClose: () => void }) {
  const { t } = useTranslation('room');
  const { t: common } = useTranslation();
  const attempt = useAttempt();
  const [busy, setBusy] = useState(false);
  const end = async () => {
    setBusy(true);
    if (!(await attempt(meeting.end))) onClose();
  };
  return (
    <Dialog title={t('end.title')} onClose={onClose}>
      <p>{t('end.text')}</p>
      <DialogActions>
        <Button onClick={onClose}>{common('back')}</Button>
        <Button variant="danger" busy={busy} onClick={() => void end()}>
          {t('end.action')}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
