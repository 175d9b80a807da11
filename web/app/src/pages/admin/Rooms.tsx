import { type LiveRoom, useRest } from '@plenum/client';
import { Download, UsersRound } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '../../ui/Button.tsx';
import { Dialog, DialogActions } from '../../ui/Dialog.tsx';
import { CheckField } from '../../ui/Field.tsx';
import styles from './Admin.module.css';
import { type Asked, ReasonDialog } from './ReasonDialog.tsx';
import { Table } from './Table.tsx';
import { useAdminQuery, useAskAgain } from './useAdmin.ts';

/** The rooms in which somebody is. */
export function Rooms() {
  const { t } = useTranslation('admin');
  const rest = useRest();
  const askAgain = useAskAgain();
  const rooms = useAdminQuery(['rooms'], (admin, call) => admin.rooms(call));
  const [asked, setAsked] = useState<Asked | null>(null);
  const [recorded, setRecorded] = useState<LiveRoom | null>(null);
  const titleOf = ({ title }: LiveRoom) => title || t('rooms.untitled');

  const end = (room: LiveRoom) =>
    setAsked({
      title: t('rooms.endTitle', { title: titleOf(room) }),
      text: t('rooms.endText'),
      done: t('rooms.ended'),
      act: (reason) => rest.admin.endRoom(room.meetingId, reason),
    });

  return (
    <>
      <Table
        label={t('tabs.rooms')}
        query={rooms}
        none={t('rooms.none')}
        icon={<UsersRound />}
        columns={[t('rooms.meeting'), t('rooms.people'), t('rooms.inCall'), t('rooms.node')]}
        row={(room) => (
          <tr key={room.meetingId}>
            <th scope="row">
              {titleOf(room)}
              <span className={styles.quiet}>{room.meetingId}</span>
            </th>
            <td>{room.people}</td>
            <td>{room.inCall}</td>
            <td>{room.node}</td>
            <td>
              <div className={styles.buttons}>
                <Button
                  size="small"
                  aria-label={t('rooms.recordOf', { title: titleOf(room) })}
                  onClick={() => setRecorded(room)}
                >
                  {t('rooms.record')}
                </Button>
                <Button
                  size="small"
                  variant="danger"
                  aria-label={t('rooms.endOf', { title: titleOf(room) })}
                  onClick={() => end(room)}
                >
                  {t('rooms.end')}
                </Button>
              </div>
            </td>
          </tr>
        )}
      />
      {recorded && (
        <RecordingDialog
          title={t('rooms.recordTitle', { title: titleOf(recorded) })}
          room={recorded}
          onClose={() => setRecorded(null)}
        />
      )}
      {asked && (
        <ReasonDialog
          asked={asked}
          onClose={(done) => {
            setAsked(null);
            if (done) askAgain();
          }}
        />
      )}
    </>
  );
}

function RecordingDialog({ title, room, onClose }: { title: string; room: LiveRoom; onClose: () => void }) {
  const { t } = useTranslation('admin');
  const { t: common } = useTranslation();
  const rest = useRest();
  const [texts, setTexts] = useState(false);
  return (
    <Dialog title={title} onClose={onClose}>
      <div className={styles.form}>
        <p>{t('rooms.recordText')}</p>
        <CheckField
          label={t('rooms.texts')}
          checked={texts}
          onChange={(event) => setTexts(event.target.checked)}
        />
        <DialogActions>
          <Button onClick={onClose}>{common('cancel')}</Button>
          <Button
            variant="primary"
            icon={<Download />}
            onClick={() => {
              location.assign(rest.admin.recordingAddress(room.meetingId, texts));
              onClose();
            }}
          >
            {t('rooms.take')}
          </Button>
        </DialogActions>
      </div>
    </Dialog>
  );
}
