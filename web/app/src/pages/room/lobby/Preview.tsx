import { type Call, Video } from '@plenum/client';
import { Mic, MicOff, VideoIcon, VideoOff } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Avatar } from '../../../ui/Avatar.tsx';
import { classes } from '../../../ui/classes.ts';
import { Spinner } from '../../../ui/Spinner.tsx';
import styles from './Preview.module.css';
import { mediaAllowed, type OwnMedia } from './useOwnMedia.ts';

interface PreviewProps {
  call: Call;
  media: OwnMedia;
  name: string;
}

/** How the others will see one, with the switches for it. */
export function Preview({ call, media, name }: PreviewProps) {
  const { t } = useTranslation('room');
  const { isMuted, isVideoOn } = call;
  const allowed = mediaAllowed();
  return (
    <div className={classes('dark', styles.preview)}>
      {call.camera ? (
        <Video stream={call.camera} className={styles.video} aria-label={t('lobby.preview')} />
      ) : (
        <div className={styles.off}>
          <Avatar name={name} picture={null} size={5} />
          <span>{t(media.starting.camera ? 'lobby.cameraStarts' : 'lobby.cameraOff')}</span>
        </div>
      )}
      <span className={styles.name}>{name}</span>
      <div className={styles.switches}>
        <button
          type="button"
          className={classes(styles.switch, isMuted && styles.isOff)}
          disabled={!allowed}
          aria-label={t(isMuted ? 'bar.unmute' : 'bar.mute')}
          title={t(isMuted ? 'bar.unmute' : 'bar.mute')}
          onClick={media.toggleMicrophone}
        >
          {media.starting.microphone ? <Spinner /> : isMuted ? <MicOff /> : <Mic />}
        </button>
        <button
          type="button"
          className={classes(styles.switch, !isVideoOn && styles.isOff)}
          disabled={!allowed}
          aria-label={t(isVideoOn ? 'bar.videoOff' : 'bar.videoOn')}
          title={t(isVideoOn ? 'bar.videoOff' : 'bar.videoOn')}
          onClick={media.toggleCamera}
        >
          {media.starting.camera ? <Spinner /> : isVideoOn ? <VideoIcon /> : <VideoOff />}
        </button>
      </div>
    </div>
  );
}
