import { DropdownMenu } from 'radix-ui';
import type { ReactNode } from 'react';
import styles from './EmojiMenu.module.css';
import { EMOJI } from './emoji.ts';

interface EmojiMenuProps {
  trigger: ReactNode;
  label: (emoji: string) => string;
  onChoose: (emoji: string) => void;
}

/** A few emoji to choose from, beside a button. */
export function EmojiMenu({ trigger, label, onChoose }: EmojiMenuProps) {
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Content className={styles.emoji} side="top" sideOffset={10} collisionPadding={8}>
        {EMOJI.map((emoji) => (
          <DropdownMenu.Item
            key={emoji}
            className={styles.item}
            aria-label={label(emoji)}
            onSelect={() => onChoose(emoji)}
          >
            {emoji}
          </DropdownMenu.Item>
        ))}
      </DropdownMenu.Content>
    </DropdownMenu.Root>
  );
}
