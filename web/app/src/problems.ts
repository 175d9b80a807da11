import { ApiProblem, type ErrorCode, isAbort } from '@plenum/client';
import { useCallback, useMemo } from 'react';
import type { FieldPath, FieldValues, UseFormReturn } from 'react-hook-form';
import { useTranslation } from 'react-i18next';
import { useToasts } from './ui/Toast.tsx';

/** What to tell people about an error: the server's own words, or ours when it has said nothing. */
export function useProblemText(): (error: unknown) => string {
  const { t } = useTranslation();
  return useCallback(
    (error) => {
      if (!(error instanceof ApiProblem)) return t('problem.unexpected');
      switch (error.code) {
        case 'network':
          return t('problem.network');
        case 'timeout':
          return t('problem.timeout');
        case 'bad_answer':
          return t('problem.unexpected');
        case 'internal':
          return error.requestId
            ? t('problem.withId', { message: error.message, id: error.requestId })
            : error.message;
        default:
          return error.message;
      }
    },
    [t],
  );
}

/** For actions: says in a toast what went wrong, and whether it went well. */
export function useAttempt(): (action: () => Promise<unknown>) => Promise<boolean> {
  const toasts = useToasts();
  const text = useProblemText();
  return useCallback(
    async (action) => {
      try {
        await action();
        return true;
      } catch (error) {
        if (!isAbort(error)) toasts.problem(text(error));
        return false;
      }
    },
    [toasts, text],
  );
}

type FieldOfCode<F extends FieldValues> = Partial<Record<ErrorCode, FieldPath<F>>>;

/** For forms: shows what went wrong at the fields that the codes mean, and the rest at `root`. */
export function useFormProblems<F extends FieldValues>(
  form: UseFormReturn<F>,
  fields: FieldOfCode<F> = {},
): (error: unknown) => void {
  const text = useProblemText();
  return useMemo(() => {
    return (error) => {
      if (isAbort(error)) return;
      const details = error instanceof ApiProblem ? error.details : [];
      let shown = false;
      for (const { code, message } of details) {
        const field = fields[code];
        if (!field) continue;
        form.setError(field, { message }, { shouldFocus: !shown });
        shown = true;
      }
      if (!shown) form.setError('root', { message: text(error) });
    };
  }, [form, fields, text]);
}
