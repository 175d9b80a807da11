import type { Call, Device } from '@plenum/client';
import { useTranslation } from 'react-i18next';
import { SelectField } from '../../../ui/Field.tsx';
import type { OwnMedia } from './useOwnMedia.ts';

/** Which microphone, camera and speaker. */
export function DeviceFields({ call, media }: { call: Call; media: OwnMedia }) {
  const { t } = useTranslation('room');
  const { devices } = call;
  return (
    <>
      <DeviceField
        label={t('devices.microphone')}
        list={devices.microphones}
        value={devices.microphoneId}
        onChoose={media.chooseMicrophone}
      />
      <DeviceField
        label={t('devices.camera')}
        list={devices.cameras}
        value={devices.cameraId}
        onChoose={media.chooseCamera}
      />
      {devices.canChooseSpeaker && (
        <DeviceField
          label={t('devices.speaker')}
          list={devices.speakers}
          value={devices.speakerId}
          onChoose={media.chooseSpeaker}
        />
      )}
    </>
  );
}

interface DeviceFieldProps {
  label: string;
  list: Device[];
  value: string | null;
  onChoose: (id: string) => void;
}

function DeviceField({ label, list, value, onChoose }: DeviceFieldProps) {
  const { t } = useTranslation('room');
  // Browsers list what the system prefers as a device of its own.
  const own = list.filter(({ deviceId }) => deviceId !== 'default');
  return (
    <SelectField
      label={label}
      value={value ?? ''}
      disabled={own.length === 0}
      onChange={(event) => onChoose(event.target.value)}
    >
      <option value="">{t(own.length === 0 ? 'devices.none' : 'devices.system')}</option>
      {own.map((device, place) => (
        <option key={device.deviceId} value={device.deviceId}>
          {device.label || t('devices.unnamed', { kind: label, number: place + 1 })}
        </option>
      ))}
    </SelectField>
  );
}
