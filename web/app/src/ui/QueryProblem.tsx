import { CloudOff } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useProblemText } from '../problems.ts';
import { Button } from './Button.tsx';
import { EmptyState } from './EmptyState.tsx';

interface QueryProblemProps {
  error: unknown;
  onRetry: () => void;
}

/** In place of what could not be loaded. */
export function QueryProblem({ error, onRetry }: QueryProblemProps) {
  const { t } = useTranslation();
  const text = useProblemText();
  return (
    <div role="alert">
      <EmptyState
        icon={<CloudOff />}
        title={t('notLoaded')}
        actions={<Button onClick={onRetry}>{t('retry')}</Button>}
      >
        {text(error)}
      </EmptyState>
    </div>
  );
}
