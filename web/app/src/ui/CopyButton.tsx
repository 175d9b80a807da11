import { Check, Copy } from 'lucide-react';
import { type ComponentProps, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from './Button.tsx';
import { copyText } from './copyText.ts';
import { useToasts } from './Toast.tsx';

const SHOWN_MS = 2_000;

type CopyButtonProps = Omit<ComponentProps<typeof Button>, 'onClick' | 'children' | 'icon'> & {
  text: string;
  label: string;
};

export function CopyButton({ text, label, ...props }: CopyButtonProps) {
  const { t } = useTranslation();
  const toasts = useToasts();
  const [copied, setCopied] = useState(false);

  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [copied]);

  const copy = async () => {
    try {
      await copyText(text);
      setCopied(true);
    } catch {
      toasts.problem(t('copyFailed'));
    }
  };

  return (
    <Button {...props} icon={copied ? <Check /> : <Copy />} onClick={() => void copy()}>
      {copied ? t('copied') : label}
      <span className="visually-hidden" role="status">
        {copied && t('copied')}
      </span>
    </Button>
  );
}
