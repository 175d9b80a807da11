import { useTranslation } from 'react-i18next';
import { Button } from '../../../ui/Button.tsx';
import { Notice } from '../../../ui/Notice.tsx';
import { mediaAllowed, type OwnMedia } from './useOwnMedia.ts';

/** What is amiss with one's own devices, and how to mend it. */
export function MediaProblems({ media }: { media: OwnMedia }) {
  const { t } = useTranslation('room');
  if (!mediaAllowed()) {
    return (
      <Notice tone="warning" title={t('media.insecure.title')}>
        <p>{t('media.insecure.text')}</p>
        <p>{t('media.insecure.host')}</p>
      </Notice>
    );
  }
  return media.problems.map(({ source, code }) => {
    const again = source === 'microphone' ? media.toggleMicrophone : media.toggleCamera;
    return (
      <Notice
        key={source}
        tone="warning"
        title={t(`media.${code}.${source}`)}
        actions={
          source !== 'screen' && (
            <Button size="small" onClick={again}>
              {t('media.again')}
            </Button>
          )
        }
      >
        {t(`media.${code}.fix`)}
      </Notice>
    );
  });
}
