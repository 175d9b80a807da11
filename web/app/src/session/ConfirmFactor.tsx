import { ApiProblem, useRest } from '@plenum/client';
import { createContext, type ReactNode, useCallback, useContext, useRef, useState } from 'react';
import { useForm } from 'react-hook-form';
import { useTranslation } from 'react-i18next';
import { useFormProblems } from '../problems.ts';
import { Button } from '../ui/Button.tsx';
import { Dialog, DialogActions } from '../ui/Dialog.tsx';
import { CodeField } from '../ui/Field.tsx';
import { Notice } from '../ui/Notice.tsx';

type Confirmed = <T>(action: () => Promise<T>) => Promise<T>;

const ConfirmContext = createContext<Confirmed | null>(null);

/** Gives `useConfirmed`, and shows its dialog. */
export function ConfirmFactorProvider({ children }: { children: ReactNode }) {
  const [asking, setAsking] = useState(false);
  const answer = useRef<(shown: boolean) => void>(() => {});

  const confirmed = useCallback<Confirmed>(async (action) => {
    try {
      return await action();
    } catch (error) {
      if (!(error instanceof ApiProblem && error.code === 'confirm_second_factor')) throw error;
      const shown = await new Promise<boolean>((resolve) => {
        answer.current = resolve;
        setAsking(true);
      });
      if (!shown) throw new DOMException('No code was shown', 'AbortError');
      return action();
    }
  }, []);

  const close = (shown: boolean) => {
    setAsking(false);
    answer.current(shown);
  };

  return (
    <ConfirmContext value={confirmed}>
      {children}
      {asking && <CodeDialog onShown={() => close(true)} onClose={() => close(false)} />}
    </ConfirmContext>
  );
}

function CodeDialog({ onShown, onClose }: { onShown: () => void; onClose: () => void }) {
  const { t } = useTranslation();
  const rest = useRest();
  const form = useForm({ defaultValues: { code: '' } });
  const { errors, isSubmitting } = form.formState;
  const showProblems = useFormProblems(form, { invalid_second_factor: 'code' });

  const submit = form.handleSubmit(async ({ code }) => {
    try {
      await rest.secondFactor.check(code.trim());
      onShown();
    } catch (error) {
      showProblems(error);
    }
  });

  return (
    <Dialog title={t('confirmFactor.title')} onClose={onClose}>
      <form onSubmit={submit} noValidate>
        <p>{t('confirmFactor.lead')}</p>
        {errors.root?.message && <Notice tone="danger">{errors.root.message}</Notice>}
        <CodeField
          label={t('confirmFactor.code')}
          recovery
          autoFocus
          error={errors.code?.message}
          {...form.register('code', { required: t('confirmFactor.needed') })}
        />
        <DialogActions>
          <Button onClick={onClose}>{t('cancel')}</Button>
          <Button type="submit" variant="primary" busy={isSubmitting}>
            {t('confirmFactor.action')}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

/** Runs a change that matters; asks for a code first when the server wants one. Left without a code, it aborts. */
export function useConfirmed(): Confirmed {
  const confirmed = useContext(ConfirmContext);
  if (!confirmed) throw new Error('ConfirmFactorProvider is missing above this component');
  return confirmed;
}
