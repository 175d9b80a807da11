import type { Call } from '@plenum/client';
import { useTranslation } from 'react-i18next';
import { Dialog } from '../../../ui/Dialog.tsx';
import { DeviceFields } from '../lobby/DeviceFields.tsx';
import { LevelMeter } from '../lobby/LevelMeter.tsx';
import { MediaProblems } from '../lobby/MediaProblems.tsx';
import type { OwnMedia } from '../lobby/useOwnMedia.ts';

interface SettingsDialogProps {
  call: Call;
  media: OwnMedia;
  userId: string;
  onClose: () => void;
}

export function SettingsDialog({ call, media, userId, onClose }: SettingsDialogProps) {
  const { t } = useTranslation('room');
  return (
    <Dialog title={t('devices.title')} onClose={onClose}>
      <MediaProblems media={media} />
      {!call.isMuted && <LevelMeter call={call} userId={userId} />}
      <DeviceFields call={call} media={media} />
    </Dialog>
  );
}
