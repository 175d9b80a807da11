import { useSession } from '@plenum/client';
import { CloudOff } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useProblemText } from '../problems.ts';
import { Button } from '../ui/Button.tsx';
import { EmptyState } from '../ui/EmptyState.tsx';
import { Plain } from './Plain.tsx';

/** The server could not say who is signed in. */
export function Unreachable() {
  const { t } = useTranslation();
  const session = useSession();
  const text = useProblemText();
  const [busy, setBusy] = useState(false);
  const again = async () => {
    setBusy(true);
    await session.refresh();
    setBusy(false);
  };
  return (
    <Plain>
      <EmptyState
        icon={<CloudOff />}
        heading="h1"
        title={t('unreachable.title')}
        actions={
          <Button variant="primary" busy={busy} onClick={() => void again()}>
            {t('retry')}
          </Button>
        }
      >
        {text(session.problem)}
      </EmptyState>
    </Plain>
  );
}
