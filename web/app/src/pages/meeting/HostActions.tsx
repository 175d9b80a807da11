import type { MeetingBody, MeetingStatus } from '@plenum/client';
import { Ban, CheckCheck, Ellipsis, Pencil, RotateCcw, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { useMeetingChanges } from '../../data/meetings.ts';
import { useAttempt } from '../../problems.ts';
import { Button, ButtonLink, IconButton } from '../../ui/Button.tsx';
import { Dialog, DialogActions } from '../../ui/Dialog.tsx';
import { Menu, MenuItem, MenuSeparator } from '../../ui/Menu.tsx';
import { useToasts } from '../../ui/Toast.tsx';

/** What its host may do with a meeting. */
export function HostActions({ meeting }: { meeting: MeetingBody }) {
  const { t } = useTranslation('meetings');
  const { t: common } = useTranslation();
  const navigate = useNavigate();
  const toasts = useToasts();
  const attempt = useAttempt();
  const { update, remove } = useMeetingChanges();
  const [asking, setAsking] = useState<'cancel' | 'delete' | null>(null);
  const id = meeting.meetingId;

  const setStatus = async (status: MeetingStatus) => {
    const done = await attempt(() => update.mutateAsync({ id, change: { status } }));
    setAsking(null);
    if (done) toasts.success(t(`done.${status}`));
  };

  const deleteIt = async () => {
    if (!(await attempt(() => remove.mutateAsync(id)))) return;
    toasts.success(t('done.deleted'));
    navigate('/meetings', { replace: true });
  };

  return (
    <>
      <ButtonLink to={`/meetings/${id}/edit`} icon={<Pencil />}>
        {t('host.edit')}
      </ButtonLink>
      <Menu trigger={<IconButton label={t('host.more')} icon={<Ellipsis />} variant="secondary" />}>
        {meeting.status === 'active' ? (
          <>
            <MenuItem icon={<CheckCheck aria-hidden="true" />} onSelect={() => void setStatus('completed')}>
              {t('host.complete')}
            </MenuItem>
            <MenuItem icon={<Ban aria-hidden="true" />} onSelect={() => setAsking('cancel')}>
              {t('host.cancel')}
            </MenuItem>
          </>
        ) : (
          <MenuItem icon={<RotateCcw aria-hidden="true" />} onSelect={() => void setStatus('active')}>
            {t('host.reopen')}
          </MenuItem>
        )}
        <MenuSeparator />
        <MenuItem icon={<Trash2 aria-hidden="true" />} danger onSelect={() => setAsking('delete')}>
          {t('host.delete')}
        </MenuItem>
      </Menu>
      {asking && (
        <Dialog title={t(`ask.${asking}.title`)} onClose={() => setAsking(null)}>
          <p>{t(`ask.${asking}.text`, { title: meeting.title })}</p>
          <DialogActions>
            <Button onClick={() => setAsking(null)}>{common('back')}</Button>
            <Button
              variant="danger"
              busy={update.isPending || remove.isPending}
              onClick={() => void (asking === 'cancel' ? setStatus('cancelled') : deleteIt())}
            >
              {t(`ask.${asking}.action`)}
            </Button>
          </DialogActions>
        </Dialog>
      )}
    </>
  );
}
