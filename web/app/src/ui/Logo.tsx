import styles from './Logo.module.css';

/** The rows of an assembly, and the name. */
export function Logo() {
  return (
    <span className={styles.logo}>
      <svg viewBox="0 0 32 32" width="30" height="30" aria-hidden="true">
        <rect className={styles.ground} width="32" height="32" rx="9" />
        <g className={styles.rows} fill="none" strokeWidth="3" strokeLinecap="round">
          <path d="M6.5 21.5a9.5 9.5 0 0 1 19 0" />
          <path d="M11.7 21.5a4.3 4.3 0 0 1 8.6 0" opacity=".75" />
        </g>
      </svg>
      Plenum
    </span>
  );
}
