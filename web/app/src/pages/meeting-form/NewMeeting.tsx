import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { useMeetingChanges } from '../../data/meetings.ts';
import { PageHeader } from '../../ui/PageHeader.tsx';
import { useToasts } from '../../ui/Toast.tsx';
import styles from './MeetingForm.module.css';
import { MeetingForm } from './MeetingForm.tsx';

export default function NewMeeting() {
  const { t } = useTranslation('meetings');
  const navigate = useNavigate();
  const toasts = useToasts();
  const { create } = useMeetingChanges();
  return (
    <div className={styles.page}>
      <PageHeader title={t('form.new')} />
      <MeetingForm
        action={t('form.create')}
        onSubmit={async (asked) => {
          const { meetingId } = await create.mutateAsync(asked);
          toasts.success(t('done.created'));
          navigate(`/meetings/${meetingId}`, { replace: true });
        }}
      />
    </div>
  );
}
