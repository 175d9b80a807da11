import { Compass } from 'lucide-react';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { Plain } from '../shell/Plain.tsx';
import { ButtonLink } from '../ui/Button.tsx';
import { EmptyState } from '../ui/EmptyState.tsx';

export default function NotFound() {
  const { t } = useTranslation();
  useEffect(() => {
    document.title = `${t('notFound.title')} · Plenum`;
  }, [t]);
  return (
    <Plain>
      <EmptyState
        icon={<Compass />}
        title={t('notFound.title')}
        heading="h1"
        actions={
          <ButtonLink to="/" variant="primary">
            {t('broken.home')}
          </ButtonLink>
        }
      >
        {t('notFound.text')}
      </EmptyState>
    </Plain>
  );
}
