import { useSession } from '@plenum/client';
import { useTranslation } from 'react-i18next';
import { Navigate, useNavigate, useParams } from 'react-router';
import { useMeetingChanges, useMeetingDetails } from '../../data/meetings.ts';
import { PageHeader } from '../../ui/PageHeader.tsx';
import { QueryProblem } from '../../ui/QueryProblem.tsx';
import { Skeleton } from '../../ui/Skeleton.tsx';
import { useToasts } from '../../ui/Toast.tsx';
import styles from './MeetingForm.module.css';
import { MeetingForm } from './MeetingForm.tsx';

export default function EditMeeting() {
  const { t } = useTranslation('meetings');
  const { id = '' } = useParams();
  const { profile } = useSession();
  const navigate = useNavigate();
  const toasts = useToasts();
  const { update } = useMeetingChanges();
  const { data: meeting, error, refetch, isPlaceholderData } = useMeetingDetails(id);

  if (error) return <QueryProblem error={error} onRetry={() => void refetch()} />;
  // What is typed over has to be what the server holds.
  if (!meeting || isPlaceholderData) return <Skeleton height="24rem" />;
  if (meeting.hostId !== profile?.id) return <Navigate to={`/meetings/${id}`} replace />;
  return (
    <div className={styles.page}>
      <PageHeader title={t('form.edit')}>{meeting.title}</PageHeader>
      <MeetingForm
        meeting={meeting}
        action={t('form.save')}
        onSubmit={async (change) => {
          await update.mutateAsync({ id, change });
          toasts.success(t('done.saved'));
          navigate(`/meetings/${id}`, { replace: true });
        }}
      />
    </div>
  );
}
