import styles from './Spinner.module.css';

/** Something is under way. Whoever shows it says in words what. */
export function Spinner({ large = false }: { large?: boolean }) {
  return <span className={large ? `${styles.spinner} ${styles.large}` : styles.spinner} aria-hidden="true" />;
}
